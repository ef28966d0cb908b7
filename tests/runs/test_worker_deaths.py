"""A run that workers die of is paused; one that gets on is not."""

from __future__ import annotations

import os

from django.conf import settings
from django.utils import timezone

from mgx_project.common import tenant_wall
from runs.lifecycle import user_decisions, worker_transitions
from runs.lifecycle.worker_deaths import MOST_IN_ALL
from runs.models import RunStep, TaskRun
from runs.models.run_state import Status
from runs.worker import workdirs
from runs.worker.lease import Lease

from .conftest import Tenant, types
from .test_durability import expire


def dies(run: TaskRun) -> TaskRun | None:
    expire(run)
    return worker_transitions.claim_next()


def begun(tenant: Tenant) -> TaskRun:
    tenant.run()
    run = worker_transitions.claim_next()
    assert run is not None
    return run


def record(run: TaskRun, key: str) -> None:
    now = timezone.now()
    RunStep.objects.create(
        workspace_id=run.workspace_id,
        run=run,
        key=key,
        kind="read",
        input_digest="x",
        result={},
        started_at=now,
        finished_at=now,
    )


def test_the_second_death_in_a_step_pauses_the_run_and_says_why(tenant: Tenant) -> None:
    run = begun(tenant)
    again = dies(run)
    assert again is not None and Lease(again).suspect
    assert dies(again) is None
    run.refresh_from_db()
    assert (run.status, run.pause_reason, run.paused_from) == (Status.PAUSED, "worker", Status.PLANNING)
    assert "died 2 times" in run.error["detail"] and "mgx resume" in run.error["hint"]
    assert types(run)[-1] == "paused"
    assert run.fence > again.fence, "a worker that only seemed dead writes nothing more"
    user_decisions.resume(run.pk, by=tenant.principal)
    resumed = worker_transitions.claim_next()
    assert resumed is not None and not Lease(resumed).suspect


def test_a_recorded_step_between_two_deaths_begins_the_count_anew(tenant: Tenant) -> None:
    run = begun(tenant)
    for number in range(5):
        again = dies(run)
        assert again is not None and again.worker_deaths == 1
        record(run, str(number))
        run = again


def test_a_worker_that_is_stopped_does_not_count(tenant: Tenant) -> None:
    run = begun(tenant)
    for _ in range(5):
        worker_transitions.release(run.pk, run.fence)
        again = worker_transitions.claim_next()
        assert again is not None and again.worker_deaths == 0
        run = again


def test_a_process_takes_one_suspect_at_a_time(tenant: Tenant) -> None:
    runs = [begun(tenant), begun(tenant)]
    for run in runs:
        expire(run)
    assert worker_transitions.claim_next(orphans=False) is None
    assert worker_transitions.claim_next() is not None


def test_work_directories_of_ended_claims_are_removed_and_those_of_live_ones_are_not(
    tenant: Tenant,
) -> None:
    held, dead = begun(tenant), begun(tenant)
    expire(dead)
    root = settings.MGX_DATA_DIR / "runs"
    live, left = root / str(held.pk) / str(held.fence), root / str(dead.pk) / str(dead.fence)
    stale = root / str(held.pk) / "0"
    for path in (live, left, stale):
        (path / "checkout").mkdir(parents=True)
        (path / "checkout" / "file").write_text("x")
        os.utime(path, (1, 1))
    with tenant_wall.within():  # rows that can't be seen are not gone
        assert workdirs.prune() >= 2
    assert live.is_dir() and not left.exists() and not stale.exists()


def test_a_run_that_is_to_be_cancelled_ends_cancelled_whatever_its_worker_died_of(tenant: Tenant) -> None:
    run = begun(tenant)
    again = dies(run)
    assert again is not None
    user_decisions.request_cancel(again.pk, by="ada")
    assert dies(again) is None
    run.refresh_from_db()
    assert (run.status, run.cancelled_by, run.lease_expires_at) == (Status.CANCELLED, "ada", None)
    assert types(run)[-1] == "cancelled"


def test_many_deaths_pause_a_run_that_gets_on_and_are_listed(tenant: Tenant) -> None:
    run = begun(tenant)
    for number in range(1, MOST_IN_ALL):
        record(run, f"step/{number}")
        again = dies(run)
        assert again is not None, number
        run = again
    record(run, "last")
    assert dies(run) is None
    run.refresh_from_db()
    assert (run.status, run.pause_reason) == (Status.PAUSED, "worker")
    assert f"Workers died {MOST_IN_ALL} times" in run.error["detail"]
    deaths = run.error["deaths"]
    assert [death["claim"] for death in deaths] == list(range(11, 21)) and deaths[-1]["place"].startswith("planning/")
    user_decisions.resume(run.pk, by=tenant.principal)
    resumed = worker_transitions.claim_next()
    assert resumed is not None and dies(resumed) is not None, "the count begins again"
