"""Events of a run: numbered by the run's own row, so that numbers have no gap and a stale worker can't write one."""

from __future__ import annotations

from typing import Any

from django.db import connection

from workspaces import events
from workspaces.models import Event

from .errors import LeaseLost
from .models import TaskRun


def record(
    run: TaskRun, type: str, data: dict[str, Any], message: str = "", *, fence: int | None = None, replay_key: str | None = None
) -> Event:
    """Appends an event of ``run`` and sets ``run.last_seq``. Call it last in a transaction.

    Workers pass their ``fence``: when the run was claimed by another since, LeaseLost is raised and nothing is written.
    """
    sql = "UPDATE task_runs SET last_seq = last_seq + 1 WHERE id = %s"
    params: list[Any] = [run.pk]
    if fence is not None:
        sql, params = f"{sql} AND fence = %s", [*params, fence]
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} RETURNING last_seq", params)
        found = cursor.fetchone()
    if found is None:
        raise LeaseLost("This worker no longer owns the run.")
    run.last_seq = found[0]
    return events.record(
        workspace_id=run.workspace_id,
        project_id=run.project_id,
        task_id=run.task_id,
        run_id=run.pk,
        seq=run.last_seq,
        type=type,
        data=data,
        message=message,
        replay_key=replay_key,
    )
