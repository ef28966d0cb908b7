"""What one process holds: event loops that answer, one suspect at a time, and runs that it let go of without dying."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Any

from django.db import DataError, OperationalError, connections

from runs.errors import LeaseLost
from runs.lifecycle import worker_transitions
from runs.models import TaskRun
from runs.models.run_state import Status
from runs.worker import executor
from runs.worker.execution import Execution
from runs.worker.lease import Keeper, Lease, keeper

from ..support.patience import SOON, wait_for
from .conftest import Tenant
from .test_durability import expire
from .test_worker_deaths import begun, dies


def fresh(run: TaskRun) -> TaskRun:
    found: TaskRun = TaskRun.across_tenants.get(pk=run.pk)
    return found


def test_an_event_loop_that_does_not_answer_is_noticed_and_its_lease_not_renewed(tenant: Tenant, settings: Any) -> None:
    settings.MGX_WORKER_SILENCE_SECONDS, settings.MGX_LEASE_SECONDS = 1.0, 2.0
    run, blocks, goes_on, leases = begun(tenant), threading.Event(), threading.Event(), []

    async def work() -> None:
        leases[0].bind()
        blocks.set()
        goes_on.wait()  # in the loop's own thread: nothing else of the loop runs
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            leases[0].unbind()

    def phase() -> None:
        with keeper.hold(run) as lease:
            leases.append(lease)
            asyncio.run(work())

    thread = threading.Thread(target=phase)
    thread.start()
    try:
        assert blocks.wait(SOON)
        wait_for(lambda: keeper.stuck)
        wait_for(lambda: worker_transitions.claimable().filter(pk=run.pk).exists())
        wait_for(lambda: leases[0].reason)  # answering before, it would be renewed: nobody has taken the run
    finally:
        goes_on.set()
        thread.join(SOON)
    assert isinstance(leases[0].reason, LeaseLost), "it ends as soon as it answers"
    assert not keeper.stuck


def test_an_event_loop_that_waits_answers(tenant: Tenant, settings: Any) -> None:
    settings.MGX_LEASE_SECONDS = 3.0
    run, answers = begun(tenant), []

    async def work(lease: Lease) -> None:
        lease.bind()
        async with asyncio.timeout(SOON):
            while len(answers) < 4:
                if lease.answered not in answers:
                    answers.append(lease.answered)
                assert not keeper.stuck
                await asyncio.sleep(0.05)
        lease.unbind()

    with keeper.hold(run) as lease:
        asyncio.run(work(lease))
    assert lease.reason is None
    assert fresh(run).lease_expires_at > run.created_at


def test_of_two_threads_only_one_takes_a_suspect(tenant: Tenant) -> None:
    """Both look before either has it: the look and the claim are one act."""
    runs = [begun(tenant), begun(tenant)]
    for run in runs:
        expire(run)
    mine, both = Keeper(), threading.Barrier(2)
    taken: list[TaskRun | None] = []

    def claim(orphans: bool) -> TaskRun | None:
        with suppress(threading.BrokenBarrierError):
            both.wait(2)  # the other thread stands here too, if it may
        return worker_transitions.claim_next(orphans=orphans)

    def take() -> None:
        try:
            taken.append(mine.take(claim))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(run is not None for run in taken) == 1
    assert mine.holds_suspect
    [run] = [run for run in taken if run is not None]
    with mine.hold(run):
        assert mine.held == 1
    assert not mine.holds_suspect


def away(run: TaskRun) -> TaskRun | None:
    """The run's phase meets a database that is away, as its worker sees it."""

    async def phase(work: Execution) -> None:
        raise OperationalError("the server closed the connection unexpectedly")

    return executor.do(run, phase)


def test_a_database_that_is_away_twice_within_a_step_is_no_death(tenant: Tenant) -> None:
    run = begun(tenant)
    for _ in range(3):
        away(run)
        wait_for(lambda run=run: fresh(run).lease_owner == "")
        again = dies(run)
        assert again is not None and again.worker_deaths == 0
        run = again
    assert dies(run).worker_deaths == 1, "and who dies after that has died once"


def test_a_death_that_was_counted_is_taken_back_by_a_worker_that_lives(tenant: Tenant) -> None:
    """The database was away, or the machine slept, for longer than a lease, and another worker was quicker."""
    run = begun(tenant)
    again = dies(run)
    assert again is not None and again.worker_deaths == 1
    away(run)
    wait_for(lambda: fresh(run).worker_deaths == 0)
    once_more = dies(again)
    assert once_more is not None and once_more.worker_deaths == 1


def test_an_error_that_the_database_answers_with_every_time_fails_the_run(tenant: Tenant) -> None:
    run = begun(tenant)

    async def phase(work: Execution) -> None:
        raise DataError("value too long")

    executor.do(run, phase)
    assert fresh(run).status == Status.FAILED
    assert fresh(run).error["code"] == "internal"
