"""What a worker meets after a phase's end is written does not change it; a cancel that comes then does."""

from __future__ import annotations

import asyncio
import errno
import threading
import time
from typing import Any

import pytest
from django.db import connections
from structlog.testing import capture_logs

from agent.errors import AgentError, Paused, SandboxFailed
from agent.ports import Outcome, PlanDraft
from mgx_project.common.errors import MGXError
from mgx_project.common.store import StoreAway
from runs import services
from runs.lifecycle import worker_transitions
from runs.models import TaskRun
from runs.models.run_state import RunPhase, Status
from runs.worker import executor
from runs.worker.execution import Execution

from ..support.drills import chance, times
from .conftest import Tenant, types

DRAFT = PlanDraft(plan={"summary": "x", "steps": []}, stack="", stack_confidence=0.0, complexity="low")
OUTCOME = Outcome(files=(), tests={}, review={}, draft=False)
ERRORS = (
    AgentError("x"), MGXError("x"), StoreAway("x"), SandboxFailed("x"), Paused("budget", "x"), RuntimeError("x"),
    OSError(errno.EIO, "x"), OSError(errno.EBADF, "x"),
)  # fmt: skip


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


def test_what_a_worker_meets_after_the_end_is_in_the_log(tenant: Tenant) -> None:
    run = worker_transitions.claim(tenant.run().pk, {Status.QUEUED})
    assert run is not None
    worker_transitions.finish_planning(run.pk, run.fence, DRAFT, prompt_version="1")
    with capture_logs() as logs:
        worker_transitions.fail(run.pk, run.fence, "x", "The first.")
        worker_transitions.pause(run.pk, run.fence, "storage", "The second.")
    assert [(entry["log_level"], entry["error"]) for entry in logs] == [("warning", "The first."), ("warning", "The second.")]
