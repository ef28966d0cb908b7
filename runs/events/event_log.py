"""Events of a run, numbered by the run's own row, so that numbers have no gaps and a stale worker can't write one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from workspaces import event_log
from workspaces.event_log import Draft
from workspaces.models import Event

from ..errors import LeaseLost
from ..models import TaskRun


def record(
    run: TaskRun, type: str, data: dict[str, Any], message: str = "", *, fence: int | None = None, replay_key: str | None = None
) -> Event:
    """Appends an event of ``run`` and sets ``run.last_seq``. Call it last in a transaction.

    Workers pass their ``fence``: if another worker has claimed the run since, raises LeaseLost and writes nothing.
    """
    first = number(run, 1, fence=fence)
    (event,) = record_numbered(run, [Draft(type, data, message, replay_key)], first)
    return event


def number(run: TaskRun, count: int, *, fence: int | None = None, usage: dict[str, Any] | None = None) -> int:
    """Locks the run's row, takes its next ``count`` numbers and returns the first; sets ``run.last_seq``.

    ``usage`` replaces the usage shown by the run. Raises LeaseLost if ``fence`` is no longer the run's.
    """
    mine = "id = %s"
    who: list[Any] = [run.pk]
    if fence is not None:
        mine, who = f"{mine} AND fence = %s", [*who, fence]
    with connection.cursor() as cursor:
        if count or usage is not None:
            shown: Any = None if usage is None else Jsonb(usage)
            cursor.execute(
                "UPDATE task_runs SET last_seq = last_seq + %s, usage = coalesce(%s::jsonb, usage) "
                f"WHERE {mine} RETURNING last_seq",
                [count, shown, *who],
            )
        else:
            cursor.execute(f"SELECT last_seq FROM task_runs WHERE {mine} FOR NO KEY UPDATE", who)
        found = cursor.fetchone()
    if found is None:
        raise LeaseLost("This worker no longer owns the run.")
    run.last_seq = found[0]
    return run.last_seq - count + 1


def record_numbered(run: TaskRun, drafts: Sequence[Draft], first: int) -> list[Event]:
    """Appends events with the numbers from ``first`` on, which this transaction has allocated. Call it last."""
    return event_log.record_all(
        drafts,
        workspace_id=run.workspace_id,
        project_id=run.project_id,
        task_id=run.task_id,
        run_id=run.pk,
        first_seq=first,
    )
