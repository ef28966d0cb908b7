"""Work that comes round is done once, however many processes look; a run goes on in its worker; a stop gives runs back once."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from django.db import OperationalError
from django.db.models.functions import Now

from agent.ports import Outcome, PlanDraft
from runs import housekeeping, reaper
from runs.actors import do_next_run
from runs.lifecycle import user_decisions, worker_transitions
from runs.models import ScheduledJob, TaskRun
from runs.models.run_state import Status
from runs.scheduler import ScheduledWork, Scheduler
from runs.worker import lease
from runs.worker.event_buffer import EventBuffer
from workspaces.event_log import Draft

from ..support.patience import SOON
from ..support.team_script import script
from .conftest import Tenant, make_tenant, types
from .test_ends import CODE, edit


@pytest.mark.django_db
def test_many_schedulers_do_each_job_once_and_one_that_fails_keeps_no_other_back() -> None:
    done: list[str] = []

    def act(name: str) -> dict[str, int]:
        done.append(name)
        return {"rows": len(done)} if name == "b" else {"rows": 1 // 0} if name == "a" else {}

    jobs = [ScheduledWork(name, timedelta(hours=1), lambda name=name: act(name)) for name in "abc"]  # type: ignore[misc]
    schedulers = [Scheduler(jobs) for _ in range(3)]
    assert [scheduler.run_due() for scheduler in schedulers] == [["a", "b", "c"], [], []]
    assert [scheduler.run_due() for scheduler in schedulers] == [[], [], []]
    assert done == ["a", "b", "c"]
    did = dict(ScheduledJob.objects.values_list("name", "last_did"))
    assert did == {"a": {"error": "ZeroDivisionError"}, "b": {"rows": 2}, "c": {}}
    ScheduledJob.objects.filter(pk="b").update(due_at=Now() - timedelta(seconds=1))
    assert [Scheduler(jobs).run_due() for _ in range(2)] == [["b"], []]


@pytest.mark.django_db(transaction=True)
def test_a_job_that_takes_long_keeps_no_wake_up_back_and_an_error_of_the_database_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(housekeeping, "INTERVAL_SECONDS", 0.01)
    monkeypatch.setattr(reaper, "INTERVAL_SECONDS", 0.01)
    begun, swept, release = threading.Event(), threading.Event(), threading.Event()
    away = [OperationalError("the database is starting")]

    class Slow(Scheduler):
        def run_due(self) -> list[str]:
            if away:
                raise away.pop()
            begun.set()
            release.wait(SOON)
            return []

    class Sweeping(reaper.Reaper):
        def sweep(self) -> int:
            swept.set()
            return 0

    helpers = (Sweeping(1), housekeeping.Housekeeping(Slow([])))
    for helper in helpers:
        helper.start()
    assert begun.wait(SOON)
    swept.clear()
    assert swept.wait(SOON) and not release.is_set()
    release.set()
    for helper in helpers:
        helper.stop()
        helper.join(SOON)
        assert not helper.is_alive()


def test_a_run_goes_on_in_its_worker_and_yields_between_phases(tenant: Tenant, shop: Path, scripted: Any) -> None:
    """To another workspace whose turn it is, not to what its own has queued."""
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run, queued = edit(tenant, shop), tenant.run()
        other = make_tenant("other").run()
        do_next_run()
        assert _now(run, queued, other) == [(Status.APPROVED, 1), (Status.QUEUED, 0), (Status.QUEUED, 0)]
        user_decisions.request_cancel(other.pk, by="ada")
        do_next_run()
    assert _now(run, queued) == [(Status.COMPLETED, 2), (Status.QUEUED, 0)]


@pytest.mark.parametrize("phase", ["finish_planning", "finish_execution"])
def test_a_cancel_between_two_phases_is_honoured(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch, phase: str
) -> None:
    """Asked when the phase has ended and the worker was not told yet: it does not go on, and whoever takes the run ends it."""
    real = getattr(worker_transitions, phase)

    def asked(run_id: Any, *args: Any, **kwargs: Any) -> TaskRun:
        TaskRun.across_tenants.filter(pk=run_id).update(cancel_requested_at=Now(), cancelled_by="ada")
        return cast("TaskRun", real(run_id, *args, **kwargs))

    monkeypatch.setattr(worker_transitions, phase, asked)
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run = edit(tenant, shop)
        do_next_run()
        do_next_run()
    assert _now(run) == [(Status.CANCELLED, 2)]


@pytest.mark.parametrize("status", [Status.PLANNING, Status.EXECUTING])
@pytest.mark.parametrize("end", ["finish", "pause"])
def test_a_cancel_that_meets_the_end_of_a_phase_leaves_nothing_to_wait_for(tenant: Tenant, status: Status, end: str) -> None:
    run = worker_transitions.claim(tenant.run().pk, {Status.QUEUED})
    assert run is not None
    TaskRun.across_tenants.filter(pk=run.pk).update(status=status)
    user_decisions.request_cancel(run.pk, by="ada")
    assert _now(run) == [(status, 1)], "its worker is to end what it does first"
    buffer = EventBuffer(run, run.fence)
    buffer.add(Draft("role_message", {"role": "engineer", "action": "WriteCode"}, "Almost."))
    if end == "pause":
        worker_transitions.pause(run.pk, run.fence, "loop", "No progress.")
    elif status == Status.PLANNING:
        draft = PlanDraft(plan={"summary": "x"}, stack="", stack_confidence=0.0, complexity="S")
        worker_transitions.finish_planning(run.pk, run.fence, draft, prompt_version="1", unwritten=buffer)
    else:
        outcome = Outcome(files=(), tests={}, review={}, draft=False)
        worker_transitions.finish_execution(run.pk, run.fence, outcome, unwritten=buffer)
    assert _now(run) == [(Status.CANCELLED, 2)]
    assert types(run) == ["run_queued", *(["role_message"] if end == "finish" else []), "cancelled"]


@pytest.mark.parametrize("late", ["cancel", "pause", "fail"])
def test_what_comes_after_the_end_of_a_run_changes_nothing(tenant: Tenant, late: str) -> None:
    run = worker_transitions.claim(tenant.run().pk, {Status.QUEUED})
    assert run is not None
    TaskRun.across_tenants.filter(pk=run.pk).update(status=Status.DELIVERING)
    worker_transitions.complete(run.pk, run.fence, results={})
    if late == "cancel":
        worker_transitions.finish_cancel(run.pk, run.fence)
    elif late == "pause":
        worker_transitions.pause(run.pk, run.fence, "budget", "No time is left.")
    else:
        worker_transitions.fail(run.pk, run.fence, "internal", "It broke.")
    assert _now(run) == [(Status.COMPLETED, 1)] and types(run)[-1] == "completion"


def _now(*runs: TaskRun) -> list[tuple[str, int]]:
    found = {run.pk: (run.status, run.fence) for run in TaskRun.across_tenants.filter(pk__in=[run.pk for run in runs])}
    return [found[run.pk] for run in runs]


def test_a_worker_that_is_being_stopped_takes_nothing_back(tenant: Tenant) -> None:
    keeper = lease.Keeper()
    run = keeper.take(lambda orphans: worker_transitions.claim_next(orphans=orphans))
    assert run is None
    tenant.run()
    run = keeper.take(lambda orphans: worker_transitions.claim_next(orphans=orphans))
    assert run is not None
    with keeper.hold(run) as held:
        keeper.drain()
        assert held.reason is None, "what it has goes on to the end of its phase"
        keeper.shut_down()
        assert isinstance(held.reason, lease.ShuttingDown)
        worker_transitions.release(run.pk, run.fence)
    assert keeper.take(lambda orphans: worker_transitions.claim_next(orphans=orphans)) is None
    run.refresh_from_db()
    assert (run.fence, run.lease_expires_at) == (1, None)
