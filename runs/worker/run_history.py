"""The agent's History: what finished runs of the workspace took, for the estimate in a plan."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from statistics import median

from django.db import connection

from agent.ports import RunStatistics
from agent.stages.estimate import files_of

from ..models import TaskRun

LAST = 20
"""How many of the latest completed runs are used: models, prices and the team change over time."""

_LAST_RUNS = """
    WITH last_runs AS (
        SELECT id, plan FROM task_runs
        WHERE workspace_id = %(workspace)s AND stack = %(stack)s AND status = 'completed'
        ORDER BY completed_at DESC LIMIT %(last)s
    ), steps AS (
        SELECT step.run_id, step.kind = 'model' AS of_model, step.finished_at - step.started_at AS took,
               (step.result->>'tokens_in')::bigint + (step.result->>'tokens_out')::bigint AS tokens,
               (step.result->>'cost_usd')::numeric AS cost, coalesce((step.result->>'cached')::boolean, false) AS cached
        FROM run_steps step JOIN last_runs ON last_runs.id = step.run_id
        WHERE (step.key LIKE 'execute/%%' OR step.key LIKE 'again/%%/execute/%%') AND step.finished_at IS NOT NULL
    )
    SELECT last_runs.plan::text,
           coalesce(sum(tokens) FILTER (WHERE of_model), 0),
           coalesce(sum(tokens) FILTER (WHERE of_model AND NOT cached), 0),
           CASE WHEN bool_or(of_model AND NOT cached AND cost IS NULL) THEN NULL
                ELSE sum(cost) FILTER (WHERE of_model AND NOT cached) END,
           extract(epoch FROM sum(took))
    FROM last_runs JOIN steps ON steps.run_id = last_runs.id
    GROUP BY last_runs.id, last_runs.plan::text
"""


class WorkspaceHistory:
    """Medians over the last completed runs of ``run``'s workspace for a stack."""

    def __init__(self, run: TaskRun, db: Callable[..., Awaitable[RunStatistics]]) -> None:
        self._run, self._db = run, db

    async def past(self, stack: str) -> RunStatistics:
        return await self._db(past_of, self._run.workspace_id, stack)


def past_of(workspace_id: uuid.UUID, stack: str) -> RunStatistics:
    """One query. Tokens from our own cache count as tokens, but say nothing about prices."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_RUNS, {"workspace": workspace_id, "stack": stack, "last": LAST})
        rows = cursor.fetchall()
    if not rows:
        return RunStatistics()
    files = [files_of(json.loads(plan)) for plan, *_ in rows]
    prices = [cost / paid for _, _, paid, cost, _ in rows if paid and cost is not None]
    return RunStatistics(
        runs=len(rows),
        tokens_per_file=median(float(row[1]) / count for row, count in zip(rows, files, strict=True)),
        cost_per_token=median(prices) if prices else None,
        seconds_per_file=median(float(row[4]) / count for row, count in zip(rows, files, strict=True)),
    )
