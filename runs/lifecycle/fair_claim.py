"""Fair claiming: runs are claimed round-robin over workspaces, the least recently served one first.

A workspace has a limit of held runs; within it, started runs go before new ones, then priority, then age.
Time is the database's. The limit is `running_runs` of `workspaces.limits`.
"""

from __future__ import annotations

import uuid

import orjson
from django.db import connection

from mgx_project.common import tenant_wall
from mgx_project.common.server_lock import ServerLock, take_server_lock
from workspaces.limits import LARGEST as UNBOUNDED
from workspaces.limits import limit_of

from ..models import TaskRun
from ..models.run_state import CLAIMABLE
from .versions import NOT_NEWER_SQL

_STATUSES = ", ".join(f"'{status.value}'" for status in sorted(CLAIMABLE))
_UNHELD = f"status IN ({_STATUSES}) AND (lease_expires_at IS NULL OR lease_expires_at < statement_timestamp())"

_WORKSPACES = f"""
WITH RECURSIVE live(workspace_id) AS (
    (SELECT workspace_id FROM task_runs WHERE status IN ({_STATUSES}) ORDER BY workspace_id LIMIT 1)
    UNION ALL
    SELECT (SELECT next.workspace_id FROM task_runs next WHERE next.status IN ({_STATUSES})
                AND next.workspace_id > live.workspace_id ORDER BY next.workspace_id LIMIT 1)
    FROM live WHERE live.workspace_id IS NOT NULL
)
SELECT live.workspace_id, coalesce(held.number, 0), workspace.limits
FROM live JOIN workspaces workspace ON workspace.id = live.workspace_id LEFT JOIN (
    SELECT workspace_id, count(*) AS number FROM task_runs
    WHERE status IN ({_STATUSES}) AND lease_expires_at >= statement_timestamp() GROUP BY workspace_id
) held ON held.workspace_id = live.workspace_id
ORDER BY (SELECT max(claimed_at) FROM task_runs served WHERE served.workspace_id = live.workspace_id) ASC NULLS FIRST,
         live.workspace_id
"""
"""The workspaces with claimable or held runs, how many are held, and the workspace's own limits. Reads one index entry for
each workspace, not its backlog."""

_RUNS = f"""
SELECT next.id, next.status, turn.workspace_id, next.started
FROM unnest(%s::uuid[], %s::int[]) WITH ORDINALITY AS turn(workspace_id, room, number)
CROSS JOIN LATERAL (
    SELECT run.id, run.status, run.status <> 'queued' AS started, row_number() OVER () AS place
    FROM (SELECT id, status FROM task_runs
          WHERE workspace_id = turn.workspace_id AND {_UNHELD} AND {NOT_NEWER_SQL} AND (lease_expires_at IS NULL OR %s)
          ORDER BY (status = 'queued'), priority DESC, created_at, id
          LIMIT turn.room) run
) next
ORDER BY next.place, turn.number
LIMIT %s
"""
"""The first runs of each workspace up to its limit, in the order of the index ``run_turn``."""


def next_to_claim(limit: int = 100, *, orphans: bool = True) -> list[tuple[uuid.UUID, str]]:
    """Id and status of the runs that may be claimed now, in order. Without ``orphans``: none whose worker died."""
    return [(run_id, status) for run_id, status, _, _ in _next(limit, orphans=orphans)]


@tenant_wall.across_tenants()
def is_anothers_turn(run: TaskRun) -> bool:
    """Whether another run would be claimed before this held one, if this were free now. Its workspace was served last, so each
    other one's goes first; of its own, what has started."""
    return any(started or workspace != run.workspace_id for _, _, workspace, started in _next(1))


def _next(limit: int, *, orphans: bool = True) -> list[tuple[uuid.UUID, str, uuid.UUID, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(_WORKSPACES)
        room = {
            workspace: min(allowed - held, limit)
            for workspace, held, limits in cursor.fetchall()
            if held < (allowed := _allowed(limits))
        }
        if not room:
            return []
        cursor.execute(_RUNS, [list(room), list(room.values()), orphans, limit])
        return list(cursor.fetchall())


def _allowed(limits: str) -> int:
    """How many held runs a workspace with these ``limits``, as JSON, may have at a time."""
    allowed = limit_of(orjson.loads(limits), "running_runs")
    return UNBOUNDED if allowed is None else allowed


def take_turn() -> None:
    """Takes a lock until the transaction ends: two workers that choose at once would both see the same free capacity."""
    take_server_lock(ServerLock.CLAIM)
