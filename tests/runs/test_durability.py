"""Nothing is lost, nothing happens twice."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now

from agent.errors import Paused
from runs.errors import LeaseLost
from runs.events import event_log
from runs.lifecycle import worker_transitions
from runs.models import RunStep, TaskRun
from runs.models.run_state import Status
from runs.reaper import Reaper
from runs.worker.event_buffer import EventBuffer
from runs.worker.journal import RunJournal, Steps
from runs.worker.lease import Lease, ShuttingDown, keeper
from workspaces.models import LedgerEntry

from ..support.drills import Draw, some_of
from ..support.run_actors import work_on
from ..support.team_script import script
from .conftest import Tenant, drive, git, types
from .test_ends import CODE, edit

STEPS, TRANSACTIONS = range(1, 16), range(1, 12)
"""Of the run of these tests, those it can die after, or within."""
TOLD_ONCE = ("run_queued", "analysis_start", "plan_ready", "patch_applied", "tests_finished", "commit_created", "completion")


def expire(run: TaskRun) -> None:
    """As if the worker that holds the run had died long ago."""
    TaskRun.across_tenants.filter(pk=run.pk).update(lease_expires_at=Now() - timedelta(seconds=1))


def test_a_run_is_claimed_once(tenant: Tenant) -> None:
    run = tenant.run()
    assert worker_transitions.claim(run.pk, {Status.QUEUED}) is not None
    assert worker_transitions.claim(run.pk, {Status.QUEUED, Status.PLANNING}) is None


def test_a_stale_worker_writes_nothing(tenant: Tenant) -> None:
    stale = worker_transitions.claim(tenant.run().pk, {Status.QUEUED})
    assert stale is not None
    expire(stale)
    current = worker_transitions.claim(stale.pk, {Status.PLANNING})
    assert current is not None and current.fence == stale.fence + 1
    before = types(current)
    assert before[-1] == "recovered"
    with pytest.raises(LeaseLost):
        worker_transitions.fail(stale.pk, stale.fence, "x", "y")
    with pytest.raises(LeaseLost), transaction.atomic():
        event_log.record(stale, "progress", {"phase": "p", "step": 1, "total_steps": 1, "percent": 1}, fence=stale.fence)
    assert types(current) == before


class Crash(BaseException):
    """The worker dies here: nothing of what follows in this process runs."""


@some_of(STEPS, 3)
def test_a_run_that_dies_after_any_step_goes_on_without_repeating_one(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch, turn: int, draw: Draw[int]
) -> None:
    recorded = RunJournal._record
    left = [draw(STEPS, turn)]

    def record_then_die(self: RunJournal, *args: Any) -> None:
        recorded(self, *args)
        left[0] -= 1
        if left[0] == 0:
            raise Crash

    with scripted(script(code=CODE, files=["shop/prices.py"])) as server:
        run = edit(tenant, shop)
        monkeypatch.setattr(RunJournal, "_record", record_then_die)
        died = False
        while run.state.claimable:
            try:
                work_on(run)
            except Crash:
                died = True
                expire(run)
            run.refresh_from_db()
    assert died, "there were fewer steps than this test thinks"
    assert run.status == Status.COMPLETED, run.error
    assert len(server.requests) == 4, "a recorded model call is never made again"
    seen = types(run)
    assert seen.count("recovered") == 1
    story = ("run_queued", "plan_ready", "patch_applied", "tests_finished", "commit_created", "push_succeeded", "completion")
    assert [seen.count(once) for once in story] == [1] * len(story)
    assert seen.count("model_call") == 4
    assert git("diff", "--name-only", "main", run.branch_name, cwd=shop) == "shop/prices.py"
    assert git("branch", "--list", "mgx/*", cwd=shop).split() == [run.branch_name]


@some_of(TRANSACTIONS, 2)
def test_a_run_that_dies_within_a_transaction_loses_no_event_and_no_money(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch, turn: int, draw: Draw[int]
) -> None:
    """The kill comes before the commit of a step's transaction: its reservation, its row and its events are there together."""
    inserted = event_log.append
    left = [draw(TRANSACTIONS, turn)]

    def insert_then_die(*args: Any, **kwargs: Any) -> Any:
        made = inserted(*args, **kwargs)
        left[0] -= 1
        if left[0] == 0:
            raise Crash
        return made

    with scripted(script(code=CODE, files=["shop/prices.py"])) as server:
        run = edit(tenant, shop)
        monkeypatch.setattr(event_log, "append", insert_then_die)
        while run.state.claimable:
            try:
                work_on(run)
            except Crash:
                expire(run)
            run.refresh_from_db()
    assert left[0] < 0, "there were fewer transactions than this test thinks"
    assert run.status == Status.COMPLETED, run.error
    seen = types(run)
    assert [seen.count(once) for once in TOLD_ONCE] == [1] * len(TOLD_ONCE)
    assert (seen.count("role_message"), seen.count("model_call")) == (5, 4), "the tester runs the tests without a model"
    entries = LedgerEntry.objects.for_workspace(run.workspace_id).filter(run_id=run.pk)
    assert entries.count() == len(server.requests) == run.usage["calls"], "every call that was made was reserved, and no other"


@some_of(TRANSACTIONS, 2)
def test_a_commit_whose_answer_is_lost_fails_no_run_and_repeats_nothing(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch, turn: int, draw: Draw[int]
) -> None:
    """The database has it, and the worker can't know: another claim reads what is there and goes on from it."""
    commit, left = BaseDatabaseWrapper.commit, [draw(TRANSACTIONS, turn)]

    def commit_and_lose_the_connection(self: BaseDatabaseWrapper) -> None:
        commit(self)
        if threading.current_thread().name.startswith("run-db"):
            left[0] -= 1
            if left[0] == 0:
                raise OperationalError("server closed the connection unexpectedly")

    with scripted(script(code=CODE, files=["shop/prices.py"])) as server:
        run = edit(tenant, shop)
        monkeypatch.setattr(BaseDatabaseWrapper, "commit", commit_and_lose_the_connection)
        while run.state.claimable:
            work_on(run)
            if TaskRun.across_tenants.filter(pk=run.pk).exclude(lease_expires_at=None).exists():
                expire(run)
            run.refresh_from_db()
    assert left[0] < 0, "there were fewer transactions than this test thinks"
    assert run.status == Status.COMPLETED, run.error
    seen = types(run)
    assert [seen.count(once) for once in TOLD_ONCE] == [1] * len(TOLD_ONCE)
    entries = LedgerEntry.objects.for_workspace(run.workspace_id).filter(run_id=run.pk)
    assert 0 <= entries.count() - len(server.requests) <= 1, "one may be reserved and not made (`runs.orphaned_calls`)"


def test_a_step_with_other_inputs_than_recorded_pauses_instead_of_guessing(tenant: Tenant) -> None:
    run = worker_transitions.claim(tenant.run().pk, {Status.QUEUED})
    assert run is not None
    RunStep.objects.create(
        workspace_id=run.workspace_id, run=run, key="k", kind="read", input_digest="other", result={},
        started_at=run.created_at, finished_at=run.created_at,
    )  # fmt: skip
    run.fence += 1  # another claim's: the first one finds no steps
    journal = RunJournal(run, Lease(run), None, None, EventBuffer(run, run.fence), Steps(run))  # type: ignore[arg-type]
    with pytest.raises(Paused, match="different inputs"):
        journal._open(Steps(run).find("k"), "k", "read", "mine")


def test_a_worker_that_is_stopped_hands_its_run_on(tenant: Tenant, shop: Path, scripted: Any) -> None:
    answers = script(code=CODE, files=["shop/prices.py"])
    stopped = [False]

    def stop_once(messages: Any) -> Any:
        if not stopped[0]:
            stopped[0] = True
            for lease in keeper._snapshot():
                lease.stop(ShuttingDown("stop"))
        return answers(messages)

    with scripted(stop_once):
        run = edit(tenant, shop)
        work_on(run)
        run.refresh_from_db()
        assert (run.status, run.lease_expires_at) == (Status.PLANNING, None)
        assert drive(run).status == Status.COMPLETED
    assert "recovered" not in types(run), "a hand-over is not a crash"


def test_a_lease_that_ran_out_unseen_is_given_back(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keeper hangs in the database, and nobody else has the run: it is not failed, it goes on."""
    answers = script(code=CODE, files=["shop/prices.py"])
    late = [False]

    def late_once(messages: Any) -> Any:
        if not late[0]:
            late[0] = True
            for lease in keeper._snapshot():
                lease.deadline = 0.0
        return answers(messages)

    with monkeypatch.context() as hanging, scripted(late_once):
        hanging.setattr(keeper, "_look_after", lambda lease: None)
        hanging.setattr(Lease, "stop", lambda self, reason: None)
        run = edit(tenant, shop)
        work_on(run)
        run.refresh_from_db()
        assert (run.status, run.lease_expires_at) == (Status.PLANNING, None)
    with scripted(answers):
        assert drive(run).status == Status.COMPLETED


def test_the_reaper_wakes_workers_for_runs_nobody_does(tenant: Tenant) -> None:
    runs = [tenant.run() for _ in range(3)]
    held = worker_transitions.claim(runs[0].pk, {Status.QUEUED})
    assert held is not None
    assert Reaper(capacity=1).sweep() == 1, "never more wake-ups than free threads"
    assert Reaper(capacity=8).sweep() == 2
    expire(held)
    assert Reaper(capacity=8).sweep() == 3
