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
    "id": "uuid", "type": "text", "data": "jsonb", "message": "text", "replay_key": "text",
    "created_at": "timestamptz",
}  # fmt: skip
_SHARED = ("run_id", "task_id", "project_id", "repository_id")


def parts(last_seq: str = "", of: str = "") -> list[str]:
    """What a statement with the parameters of `parameters` has to contain: the CTE ``numbered``, which locks the workspace's
    row, and then the events. ``last_seq`` is the last one's number in its run, and comes from the CTE ``of``."""
    seq = f"{last_seq} - %(event_count)s + made.number" if last_seq else "NULL::int"
    before = f"FROM {of} " if of else ""
    return [
        f"numbered AS (UPDATE workspaces SET event_position = event_position + %(event_count)s {before}"
        "WHERE workspaces.id = %(event_workspace_id)s RETURNING event_position)",
        f"""written AS (
            INSERT INTO events (position, workspace_id, seq, {", ".join(_SHARED)}, {", ".join(_PER_EVENT)})
            SELECT numbered.event_position - %(event_count)s + made.number, %(event_workspace_id)s::uuid, {seq},
                   {", ".join([*(f"%(event_{name})s::uuid" for name in _SHARED), *(f"made.{name}" for name in _PER_EVENT)])}
            FROM {", ".join([*([of] if of else []), "numbered"])},
                 unnest({", ".join(f"%(event_{name})s::{type}[]" for name, type in _PER_EVENT.items())})
                 WITH ORDINALITY AS made({", ".join(_PER_EVENT)}, number))""",
    ]


_ALONE = f"WITH {', '.join(parts())} SELECT event_position FROM numbered"


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
    project_id: uuid.UUID | None = None,
    task_id: uuid.UUID | None = None,
    repository_id: uuid.UUID | None = None,
) -> Event:
    """Appends one event that belongs to no run; those of runs are numbered in them too (`runs.events.event_log`).

    Raises RuntimeError outside a transaction: an event without the state it describes must not exist.
    """
    drafts = [Draft(type, data, message, replay_key)]
    (event,) = events = unnumbered(
        drafts, workspace_id=workspace_id, project_id=project_id, task_id=task_id, repository_id=repository_id
    )
    with connection.cursor() as cursor:
        cursor.execute(_ALONE, parameters(events))
        found = cursor.fetchone()
    written(events, position=found and found[0])
    return event


def unnumbered(drafts: Sequence[Draft], *, workspace_id: uuid.UUID, **ids: uuid.UUID | None) -> list[Event]:
    """Events of the same objects, checked and not yet written. Raises RuntimeError outside a transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError("event_log.record() must be called in the transaction that writes what the event describes")
    return [
        Event(
            workspace_id=workspace_id,
            **ids,
            type=draft.type,
            data=validated(draft.type, storable(dict(draft.data))),
            message=storable(draft.message)[:MAX_MESSAGE],
            replay_key=draft.replay_key,
            created_at=clock.now(),
        )
        for draft in drafts
    ]


def parameters(events: Sequence[Event]) -> dict[str, Any]:
    """Of a statement that contains `parts` for the ``events``, of which there is at least one."""
    columns = {f"event_{name}": [getattr(event, name) for event in events] for name in _PER_EVENT}
    columns["event_data"] = [dumps(data).decode() for data in columns["event_data"]]
    shared = {f"event_{name}": getattr(events[0], name) for name in _SHARED}
    return {**columns, **shared, "event_workspace_id": events[0].workspace_id, "event_count": len(events)}


def written(events: Sequence[Event], *, position: int | None, seq: int | None = None) -> None:
    """Numbers the events by what the statement with their `parts` returned for the last one: its ``position``, and its ``seq``
    in its run. They are announced to sockets after the commit. Raises RuntimeError where the workspace is gone."""
    if events and position is None:
        raise RuntimeError(f"The workspace {events[0].workspace_id} of these events is gone: they can't be written.")
    for later, event in enumerate(reversed(events)):
        assert position is not None
        event.position, event.seq = position - later, None if seq is None else seq - later
        event._state.adding = False
    for event in events:
        transaction.on_commit(partial(_announce, event), robust=True)


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
