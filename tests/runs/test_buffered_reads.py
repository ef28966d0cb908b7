"""Reads of the journal wait for the run's next transaction: with it they are there, and without it nothing is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from agent.ports import JSONObject, StepEvent
from runs.errors import LeaseLost
from runs.lifecycle import claim_spans, worker_transitions
from runs.models import RunStep, TaskRun
from runs.models.run_state import Status
from runs.worker import event_sink
from runs.worker.event_buffer import EventBuffer
from runs.worker.event_sink import RunSink
from runs.worker.journal import RunJournal, Steps
from runs.worker.lease import Lease
from workspaces.models import Event

from .conftest import Tenant

pytestmark = pytest.mark.django_db(transaction=True)
NOTE = {"role": "engineer", "text": "looked"}


class Worker:
    """The ports of one claim that write, with a clock that never comes to the next flush."""

    def __init__(self, run: TaskRun) -> None:
        async def db(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            return await sync_to_async(function, thread_sensitive=True)(*args, **kwargs)

        self.run = run
        self.buffer = EventBuffer(run, run.fence)
        self.sink = RunSink(run, self.buffer, "execute/1", db)
        self.journal = RunJournal(run, Lease(run), None, db, self.buffer, Steps(run))
        self.done: list[str] = []

    async def step(self, key: str, kind: Any) -> JSONObject:
        async def act() -> JSONObject:
            self.done.append(key)
            return {"key": key}

        return await self.journal.step(key, kind, {}, act, announce=lambda _: StepEvent("model_output", NOTE, key))

    def recorded(self) -> dict[str, bool]:
        steps = RunStep.objects.for_workspace(self.run.workspace_id).filter(run=self.run).exclude(kind=claim_spans.KIND)
        return {step.key: step.finished_at is not None for step in steps.order_by("created_at")}

    def said(self) -> list[str]:
        events = Event.objects.for_workspace(self.run.workspace_id).filter(run_id=self.run.pk, type="model_output")
        return list(events.order_by("seq").values_list("message", flat=True))


@pytest.fixture
def worker(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Worker:
    monkeypatch.setattr(event_sink, "FLUSH_DELAY", 600.0)
    run = worker_transitions.claim(tenant.run().pk, {Status.QUEUED})
    assert run is not None
    return Worker(run)


def in_loop(act: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    async def main() -> Any:
        return await act()

    return async_to_sync(main)()


def test_a_read_is_written_with_the_step_that_comes_next(worker: Worker) -> None:
    async def main() -> list[dict[str, bool]]:
        seen = []
        for key, kind in (("look", "read"), ("look/again", "read"), ("make", "git")):
            await worker.step(key, kind)
            seen.append(await sync_to_async(worker.recorded)())
        await worker.sink.close()
        return seen

    assert in_loop(main) == [{}, {}, {"look": True, "look/again": True, "make": True}]
    assert worker.said() == ["look", "look/again", "make"]


def test_a_read_is_written_soon_where_nothing_comes(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_sink, "FLUSH_DELAY", 0.0)

    async def main() -> None:
        await worker.step("look", "read")
        await asyncio.gather(*worker.sink._flushers.values())

    in_loop(main)
    assert (worker.recorded(), worker.said()) == ({"look": True}, ["look"])


def test_what_was_not_written_is_done_again_and_said_once(worker: Worker) -> None:
    """The worker dies before the next transaction: neither the step is there nor its event."""
    in_loop(partial(worker.step, "look", "read"))
    assert (worker.recorded(), worker.said()) == ({}, [])
    after = Worker(worker.run)

    async def main() -> None:
        await after.step("look", "read")
        await after.sink.close()

    in_loop(main)
    assert after.done == ["look"]
    assert (after.recorded(), after.said()) == ({"look": True}, ["look"])


def test_a_worker_that_lost_its_run_writes_no_read(worker: Worker) -> None:
    in_loop(partial(worker.step, "look", "read"))
    TaskRun.across_tenants.filter(pk=worker.run.pk).update(fence=worker.run.fence + 1)
    with pytest.raises(LeaseLost):
        worker.buffer.write()
    assert (worker.recorded(), worker.said()) == ({}, [])
