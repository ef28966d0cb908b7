"""Work that comes round is done once, however many processes look; a run goes on in its worker; a stop gives runs back once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from django.db.models.functions import Now

from runs.actors import do_next_run
from runs.lifecycle import user_decisions, worker_transitions
from runs.models import ScheduledJob, TaskRun
from runs.models.run_state import Status
from runs.scheduler import ScheduledWork, Scheduler
from runs.worker import lease

from ..support.team_script import script
from .conftest import Tenant, make_tenant
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
