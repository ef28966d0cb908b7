"""One tenant's work does not delay another's."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from runs.lifecycle import worker_transitions
from runs.models import TaskRun
from runs.models.run_state import Status
from runs.reaper import Reaper

from .conftest import Tenant, make_tenant


def queue(tenant: Tenant, number: int) -> list[TaskRun]:
    task = tenant.task()
    runs = [
        TaskRun(workspace_id=task.workspace_id, task=task, project_id=task.project_id, run_number=place + 1)
        for place in range(number)
    ]
    made: list[TaskRun] = TaskRun.across_tenants.bulk_create(runs)
    return made


def claimed() -> TaskRun:
    run = worker_transitions.claim_next()
    assert run is not None
    return run


def test_one_run_behind_300_of_another_tenant_starts_within_two_claims(tenant: Tenant) -> None:
    queue(tenant, 300)
    claimed()
    [mine] = queue(make_tenant("other"), 1)
    assert mine.pk in {claimed().pk, claimed().pk}


def test_workspaces_take_turns(tenant: Tenant, settings: Any) -> None:
    settings.MGX_LIMITS = {**settings.MGX_LIMITS, "running_runs": 10}
    other = make_tenant("other")
    queue(tenant, 5)
    queue(other, 5)
    order = [claimed().workspace_id for _ in range(6)]
    assert all(order[place] != order[place + 1] for place in range(5)), order


def test_a_workspace_has_only_so_many_runs_at_work(tenant: Tenant, settings: Any) -> None:
    settings.MGX_LIMITS = {**settings.MGX_LIMITS, "running_runs": 2}
    queue(tenant, 5)
    first, _ = claimed(), claimed()
    assert worker_transitions.claim_next() is None
    assert Reaper(capacity=8).sweep() == 0, "no wake-up for what nobody may claim"
    worker_transitions.fail(first.pk, first.fence, "x", "y")
    assert claimed().run_number == 3


def test_a_workspace_may_have_a_limit_of_its_own(tenant: Tenant) -> None:
    tenant.workspace.limits = {"running_runs": 1}
    tenant.workspace.save()
    queue(tenant, 2)
    claimed()
    assert worker_transitions.claim_next() is None


def test_what_was_begun_goes_before_what_is_new_then_priority_then_age(tenant: Tenant) -> None:
    [old] = queue(tenant, 1)
    [urgent] = queue(tenant, 1)
    urgent.task.priority = 5
    urgent.task.save()
    [approved] = queue(tenant, 1)
    TaskRun.across_tenants.filter(pk=approved.pk).update(status=Status.APPROVED, started_at=timezone.now())
    assert [claimed().pk for _ in range(3)] == [approved.pk, urgent.pk, old.pk]
