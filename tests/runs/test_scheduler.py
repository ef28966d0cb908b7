"""Work that comes round is done once, however many processes look; a run goes on in its worker; a stop gives runs back once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now

from runs.actors import do_next_run
from runs.lifecycle import worker_transitions
from runs.models import ScheduledJob
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


def test_what_was_begun_is_finished_before_something_else_is_begun(tenant: Tenant, shop: Path, scripted: Any) -> None:
    """The other tenant waits for its turn, also between the phases."""
    with scripted(script(code=CODE, files=["shop/prices.py"])):
        run, other = edit(tenant, shop), make_tenant("other").run()
        do_next_run()
    run.refresh_from_db()
    other.refresh_from_db()
    assert (run.status, run.fence, other.status) == (Status.COMPLETED, 3, Status.QUEUED)


def test_a_worker_that_is_being_stopped_takes_nothing_back(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
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
