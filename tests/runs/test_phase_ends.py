"""What a worker meets after a phase's end is written does not change it: an error of its clean-up, or a reply that is lost."""

from __future__ import annotations

import asyncio
import errno
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections

from agent.errors import AgentError, Paused, SandboxFailed
from agent.ports import Outcome, PlanDraft
from mgx_project.common.errors import MGXError
from mgx_project.common.store import StoreAway
from runs import services
from runs.lifecycle import worker_deaths, worker_transitions
from runs.models import TaskRun
from runs.models.run_state import RunPhase, Status
from runs.worker import executor
from runs.worker.execution import Execution
from workspaces.models import Event

from ..support.drills import LONG, Draw, chance, some_of, times
from ..support.run_actors import work_on
from .conftest import Tenant, git, types
from .test_durability import expire
from .test_session_kills import CALLS, answer

DRAFT = PlanDraft(plan={"summary": "x", "steps": []}, stack="", stack_confidence=0.0, complexity="low")
OUTCOME = Outcome(files=(), tests={}, review={}, draft=False)
ERRORS = (
    AgentError("x"), MGXError("x"), StoreAway("x"), SandboxFailed("x"), Paused("budget", "x"), RuntimeError("x"),
    OSError(errno.EIO, "x"), OSError(errno.EBADF, "x"),
)  # fmt: skip
COMMITS = 60
"""About as many of a run as its execution's thread makes."""


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("reached", [Status.AWAITING_APPROVAL, Status.DELIVERING])
def test_an_error_after_the_end_of_a_phase_does_not_change_it(tenant: Tenant, error: Exception, reached: Status) -> None:
    run = worker_transitions.claim(tenant.run().pk, {Status.QUEUED})
    assert run is not None
    if reached == Status.DELIVERING:
        TaskRun.across_tenants.filter(pk=run.pk).update(status=Status.EXECUTING)
        run.refresh_from_db()

    def fails() -> None:
        raise error

    async def phase(work: Execution) -> TaskRun:
        work.held.callback(fails)
        if reached == Status.DELIVERING:
            return await work.end(worker_transitions.finish_execution, OUTCOME)
        return await work.end(worker_transitions.finish_planning, DRAFT, prompt_version="1")

    executor.do(run, phase)
    left = TaskRun.across_tenants.get(pk=run.pk)
    assert (left.status, left.error, left.lease_expires_at) == (reached, None, None)
    assert not {"failure", "paused", "cancelled"} & set(types(run))


def losing(numbers: set[int], lost: list[int]) -> Callable[[psycopg.Connection[Any]], None]:
    """`commit` of the execution's database thread: of the commits ``numbers`` no reply comes, for the connection ends."""
    commit, made = psycopg.Connection.commit, [0]

    def commit_and_lose(self: psycopg.Connection[Any]) -> None:
        commit(self)
        if threading.current_thread().name.startswith("run-db"):
            made[0] += 1
            if made[0] in numbers:
                lost.append(made[0])
                self.close()
                raise psycopg.OperationalError("server closed the connection unexpectedly")

    return commit_and_lose


@some_of(("one", "many"), 1)
def test_a_commit_whose_reply_is_lost_neither_fails_the_run_nor_is_made_twice(
    tenant: Tenant, shop: Path, scripted: Any, monkeypatch: pytest.MonkeyPatch, draw: Draw[Any], turn: int
) -> None:
    first = draw(range(COMMITS), turn)
    rounds = [{number} for number in range(1, COMMITS)] if LONG else [{first % 20 + 1, first % 20 + 21, first % 20 + 41}]
    monkeypatch.setattr(worker_deaths, "MOST_IN_ALL", 100)
    link = tenant.link(shop, is_primary=True)
    for numbers in rounds:
        lost: list[int] = []
        with scripted(answer) as server, monkeypatch.context() as patch:
            task = tenant.task(f"Let total() ignore None, {numbers}", repository_id=link.pk, output_mode="patch_existing")
            run = tenant.run(task, auto_approve=True)
            patch.setattr(psycopg.Connection, "commit", losing(numbers, lost))
            for _ in range(20):
                if not run.state.claimable:
                    break
                work_on(run)
                if TaskRun.across_tenants.filter(pk=run.pk).exclude(lease_expires_at=None).exists():
                    expire(run)
                run.refresh_from_db()
        assert run.status == Status.COMPLETED, (numbers, run.status, run.error)
        assert len(server.requests) == CALLS, numbers
        seen = types(run)
        once = ("plan_ready", "commit_created", "completion", "revision_started")
        assert [seen.count(name) for name in once] == [1] * len(once), numbers
        keys = Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk).values_list("replay_key", flat=True)
        assert len([key for key in keys if key]) == len({key for key in keys if key})
        assert git("rev-list", "--count", f"main..{run.branch_name}", cwd=shop) == "1"
        assert lost or numbers != rounds[0], "fewer commits than this test thinks"


@pytest.mark.parametrize("reached", [Status.AWAITING_APPROVAL, Status.EXECUTING, Status.PAUSED])
def test_a_cancel_at_any_moment_around_the_end_of_a_phase_is_never_lost(tenant: Tenant, reached: Status) -> None:
    """``reached`` is where the phase ends: the next one begins under the same claim, or a person has the turn."""
    random = chance(f"cancel/{reached}")
    for _ in range(times(200, 25)):
        run = worker_transitions.claim(tenant.run(auto_approve=reached == Status.EXECUTING).pk, {Status.QUEUED})
        assert run is not None
        works, asks = random.uniform(0, 0.03), random.uniform(0, 0.06)

        async def plans(work: Execution, seconds: float = works) -> TaskRun:
            await asyncio.sleep(seconds)
            if reached == Status.PAUSED:
                raise Paused("budget", "No room.")
            return await work.end(worker_transitions.finish_planning, DRAFT, prompt_version="1", leads_on=True)

        async def waits(work: Execution) -> TaskRun:
            await asyncio.sleep(60)
            raise AssertionError("nobody cancelled it")

        def cancel(seconds: float = asks, pk: Any = run.pk) -> None:
            time.sleep(seconds)
            try:
                services.cancel_run(principal=tenant.principal, run_id=pk)
            finally:
                connections.close_all()

        person = threading.Thread(target=cancel)
        person.start()
        executor.do(run, plans, executor.Following({RunPhase.EXECUTE: waits}, lambda run: None))
        person.join()
        run.refresh_from_db()
        assert run.status == Status.CANCELLED, (works, asks, run.status, run.lease_expires_at, run.cancel_requested_at)
        assert types(run)[-1] == "cancelled"
