"""What a claim reads does not grow with the backlog: measured in rows by EXPLAIN, not in time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.lifecycle import fair_claim, worker_transitions
from runs.models import TaskRun
from tasks.models import Task

from .conftest import Tenant, make_tenant
from .test_fair_share import queue

WORKSPACES = 40


def queued(tenants: list[Tenant], each: int) -> None:
    """So many runs for each tenant, of tasks with priorities of all kinds."""
    tasks = [
        Task(workspace_id=tenant.workspace.pk, project=tenant.project, name="x", description="x", priority=number % 5)
        for tenant in tenants
        for number in range(each)
    ]
    Task.across_tenants.bulk_create(tasks)
    TaskRun.across_tenants.bulk_create(
        TaskRun(workspace_id=task.workspace_id, task=task, project_id=task.project_id, run_number=1) for task in tasks
    )


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def rows_read(query: str) -> int:
    """By all scans of tables and indexes, those thrown away by a filter counted too."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + query.replace("%", "%%"), [])
        (answer,) = cursor.fetchone()
    plan = json.loads(answer) if isinstance(answer, str) else answer
    return sum(
        round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in nodes(plan[0]["Plan"])
        if "Scan" in node["Node Type"] and "Relation Name" in node
    )


def read_by_a_claim() -> int:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE task_runs, tasks")
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert len(fair_claim.next_to_claim(worker_transitions.TRIES)) == worker_transitions.TRIES
    queries = [query["sql"] for query in seen.captured_queries if "task_runs" in query["sql"]]
    assert len(queries) == 2
    return sum(map(rows_read, queries))


@pytest.mark.django_db
def test_what_a_claim_reads_does_not_grow_with_the_backlog() -> None:
    tenants, read = [make_tenant(f"t{number}") for number in range(WORKSPACES)], []
    for more in (10, 40):
        queued(tenants, more)
        read.append(read_by_a_claim())
    assert read[1] <= read[0] * 1.1, read
    assert read[0] <= WORKSPACES * 8, "some rows of each workspace, and not its backlog"


def test_a_run_has_the_priority_that_its_task_has_now(tenant: Tenant) -> None:
    [run] = queue(tenant, 1)
    assert (run.task.priority, TaskRun.across_tenants.get(pk=run.pk).priority) == (0, 0)
    run.task.priority = 5
    run.task.save(update_fields=["priority"])
    assert TaskRun.across_tenants.get(pk=run.pk).priority == 5
    again = TaskRun.across_tenants.create(workspace_id=run.workspace_id, task=run.task, project_id=run.project_id, run_number=2)
    assert TaskRun.across_tenants.get(pk=again.pk).priority == 5
