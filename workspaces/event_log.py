"""The event log: `record()` writes an event with the state it describes, and notifies the sockets after the commit.

A position is allocated by locking the workspace's row, so positions become visible in their order: who has seen K and reads
K+1.. can't miss a late commit. Call `record()` last in a short transaction and do no I/O after it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection, transaction

from mgx_project.common import clock
from mgx_project.common.channel_broadcast import broadcaster
from mgx_project.common.json_values import storable
from mgx_project.common.rendering import dumps

from .event_registry import validated
from .models import Event

MAX_MESSAGE = 500
COLUMNS = (
    "position", "seq", "type", "created_at", "workspace_id", "project_id", "task_id", "run_id", "repository_id", "data",
    "message",
)  # fmt: skip
"""The columns that make up an envelope."""
_PER_EVENT = {
    "id": "uuid", "seq": "int", "type": "text", "data": "jsonb", "message": "text", "replay_key": "text",
    "created_at": "timestamptz",
}  # fmt: skip
_SHARED = ("run_id", "task_id", "project_id", "repository_id")
_APPEND = f"""
WITH numbered AS (
    UPDATE workspaces SET event_position = event_position + %(count)s WHERE id = %(workspace_id)s RETURNING event_position
)
INSERT INTO events (position, workspace_id, {", ".join(_SHARED)}, {", ".join(_PER_EVENT)})
SELECT numbered.event_position - %(count)s + made.number, %(workspace_id)s::uuid,
       {", ".join(f"%({name})s::uuid" for name in _SHARED)}, {", ".join(f"made.{name}" for name in _PER_EVENT)}
FROM numbered, unnest({", ".join(f"%({name})s::{type}[]" for name, type in _PER_EVENT.items())})
     WITH ORDINALITY AS made({", ".join(_PER_EVENT)}, number)
RETURNING position
"""


@dataclass(frozen=True)
class Draft:
    """An event before it is numbered. ``replay_key`` identifies one that a replayed run would write again."""

    type: str
    data: Mapping[str, Any]
    message: str = ""
    replay_key: str | None = None


def record(
    *,
    workspace_id: uuid.UUID,
    type: str,
    data: Mapping[str, Any],
    message: str = "",
    replay_key: str | None = None,
    seq: int | None = None,
    project_id: uuid.UUID | None = None,
    task_id: uuid.UUID | None = None,
    run_id: uuid.UUID | None = None,
    repository_id: uuid.UUID | None = None,
) -> Event:
    """Appends one event. ``seq`` is allocated by the application that owns the run, in the same transaction.

    Raises RuntimeError outside a transaction: an event without the state it describes must not exist.
    """
    (event,) = record_all(
        [Draft(type, data, message, replay_key)],
        workspace_id=workspace_id,
        first_seq=seq,
        project_id=project_id,
        task_id=task_id,
        run_id=run_id,
        repository_id=repository_id,
    )
    return event


def record_all(
    drafts: Sequence[Draft],
    *,
    workspace_id: uuid.UUID,
    first_seq: int | None = None,
    project_id: uuid.UUID | None = None,
    task_id: uuid.UUID | None = None,
    run_id: uuid.UUID | None = None,
    repository_id: uuid.UUID | None = None,
) -> list[Event]:
    """Appends several events of the same objects in order, with one statement; otherwise as `record`.

    Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("event_log.record() must be called in the transaction that writes what the event describes")
    if not drafts:
        return []
    made = [
        Event(
            workspace_id=workspace_id,
            run_id=run_id,
            seq=None if first_seq is None else first_seq + number,
            task_id=task_id,
            project_id=project_id,
            repository_id=repository_id,
            type=draft.type,
            data=validated(draft.type, storable(dict(draft.data))),
            message=storable(draft.message)[:MAX_MESSAGE],
            replay_key=draft.replay_key,
            created_at=clock.now(),
        )
        for number, draft in enumerate(drafts)
    ]
    _append(workspace_id, made)
    for event in made:
        transaction.on_commit(partial(_announce, event), robust=True)
    return made


def _append(workspace_id: uuid.UUID, events: Sequence[Event]) -> None:
    """Numbers the events and writes them, in one statement: the workspace's row is locked no longer than it takes."""
    columns = {name: [getattr(event, name) for event in events] for name in _PER_EVENT}
    columns["data"] = [dumps(data).decode() for data in columns["data"]]
    shared = {name: getattr(events[0], name) for name in _SHARED}
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, {**columns, **shared, "workspace_id": workspace_id, "count": len(events)})
        found = cursor.fetchall()
    if len(found) != len(events):
        raise RuntimeError(f"The workspace {workspace_id} of these events is gone: they can't be written.")
    for event, (position,) in zip(events, sorted(found), strict=True):
        event.position = position
        event._state.adding = False


def envelope(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of COLUMNS as clients get it (CONTRACT: WebSocket)."""
    return {
        "id": row["position"],
        "seq": row["seq"],
        "type": row["type"],
        "timestamp": row["created_at"],
        "workspace_id": row["workspace_id"],
        "project_id": row["project_id"],
        "task_id": row["task_id"],
        "run_id": row["run_id"],
        "repository_id": row["repository_id"],
        "data": row["data"],
        "message": row["message"],
    }


def group(kind: str, object_id: uuid.UUID | str) -> str:
    """The channel-layer group of everything that happens to one object."""
    return f"{kind}.{object_id}"


def _groups(event: Event) -> Iterable[str]:
    yield group("workspace", event.workspace_id)
    for kind in ("run", "task", "project", "repository"):
        if object_id := getattr(event, f"{kind}_id"):
            yield group(kind, object_id)


def _announce(event: Event) -> None:
    row = {name: getattr(event, name) for name in COLUMNS}
    broadcaster.send(
        _groups(event),
        {
            "type": "stream.event",
            "position": event.position,
            "seq": event.seq,
            "kind": event.type,
            "project": str(event.project_id) if event.project_id else "",
            "json": dumps(envelope(row)).decode(),
        },
    )
