"""Exports a run's events: as NDJSON, as text lines, and as lines that are followed while the run continues."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

from channels.layers import get_channel_layer
from django.db.models import Q, QuerySet

from mgx_project.common import clock, tenant_wall
from mgx_project.common.async_db import run_db
from mgx_project.common.json_values import REPLACEMENT
from mgx_project.common.rendering import dumps
from workspaces import rights
from workspaces.event_log import COLUMNS, envelope, group
from workspaces.models import Event
from workspaces.rights import Listening

from ..models import TaskRun

SILENT = Q(type="model_output", message="")
"""Events with text for machines and for `mgx task -v` that are left out of the text lines."""
ENDED_TYPE = "access_ended"
ENDED = "Access ended: your token, sign-in or membership is no longer valid. Sign in again to continue."
"""The last line for a client whose access has ended. It is not an event of the run."""
WAITING_TYPE = "waiting"
"""The type of a line that says what a run waits for. It is not an event of the run either."""
QUIET_SECONDS = 15.0
"""How long `follow` waits for an announcement before it reads the database, in seconds."""


def envelopes(rows: QuerySet[Event], limit: int) -> list[dict[str, Any]]:
    return [envelope(row) for row in rows.values(*COLUMNS)[:limit]]


def ndjson(rows: QuerySet[Event]) -> bytes:
    return b"".join(dumps(envelope(row)) + b"\n" for row in rows.values(*COLUMNS))


def lines(rows: QuerySet[Event]) -> str:
    return "".join(_line(*row) for row in rows.exclude(SILENT).values_list("created_at", "type", "message"))


def _line(at: Any, type: str, message: str) -> str:
    """`2026-01-31T12:00:00Z plan_ready Two steps…`, always one line and without control characters."""
    words = "".join(char if char.isprintable() else REPLACEMENT for char in " ".join(message.split()))
    return f"{at:%Y-%m-%dT%H:%M:%SZ} {type} {words}".rstrip() + "\n"


async def follow(run_id: uuid.UUID, rows: QuerySet[Event], after: int, listening: Listening) -> AsyncIterator[bytes]:
    """Lines from ``after`` on, until the run has ended and all of its events were sent, until the client goes away, or until
    its right to listen ends. Where the run waits for a person, a line says what for.

    The state says whether it has ended: a rejection may be an end or not. It is read before the events, so that those of the
    end are among them.
    """
    layer = get_channel_layer()
    channel = await layer.new_channel()
    groups = [group("run", run_id), *listening.credential.groups()]
    for name in groups:
        await layer.group_add(name, channel)
    announced = asyncio.ensure_future(layer.receive(channel))
    told = -1
    try:
        while True:
            run, found = await run_db(_now, listening.workspace_id, run_id, rows, after)
            for seq, at, type, message in found:
                if not await listening.goes_on():  # between any two lines: the client may read slowly
                    yield _line(clock.now(), ENDED_TYPE, ENDED).encode()
                    return
                after = seq
                yield _line(at, type, message).encode()
            if run is None or run.is_final:
                return
            if run.state.waits_for_person and after <= run.last_seq != told:
                told = run.last_seq
                yield _line(clock.now(), WAITING_TYPE, _waits_for(run)).encode()
            await asyncio.wait({announced}, timeout=min(QUIET_SECONDS, rights.RECHECK_SECONDS))
            if announced.done():
                if announced.result()["type"] == rights.CHANGED["type"]:
                    listening.doubt()
                announced = asyncio.ensure_future(layer.receive(channel))
            if not await listening.goes_on():
                yield _line(clock.now(), ENDED_TYPE, ENDED).encode()
                return
    finally:
        announced.cancel()
        for name in groups:
            await layer.group_discard(name, channel)


def _now(workspace_id: uuid.UUID, run_id: uuid.UUID, rows: QuerySet[Event], after: int) -> tuple[TaskRun | None, list[Any]]:
    """The run, and its events from ``after`` on; None for a run that was deleted."""
    with tenant_wall.within(workspace_id):
        runs = TaskRun.objects.for_workspace(workspace_id)
        run = runs.only("run_number", "status", "pause_reason", "error", "last_seq").filter(pk=run_id).first()
        return run, list(rows.filter(seq__gt=after).exclude(SILENT).values_list("seq", "created_at", "type", "message"))


def _waits_for(run: TaskRun) -> str:
    """A sentence for the person whose turn it is."""
    reason = f" ({run.pause_reason})" if run.pause_reason else ""
    why = str((run.error or {}).get("detail", "")) if run.pause_reason else ""
    return " ".join(f"Run #{run.run_number} is {run.get_status_display().lower()}{reason}. {why} {run.state.next}".split())
