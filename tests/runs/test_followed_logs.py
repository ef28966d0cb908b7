"""`GET /api/runs/{id}/logs?follow=true` follows the state: it ends with the run, whatever the last event is called."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from runs import services
from runs.events import event_log
from runs.lifecycle import user_decisions
from runs.models import TaskRun
from runs.models.run_state import Status
from runs.reports import event_export
from tests.factories import MembershipFactory, TaskFactory, TaskRunFactory
from tests.support.patience import SOON
from workspaces.models import Event, Membership, Role
from workspaces.principal import Principal

pytestmark = pytest.mark.django_db(transaction=True)
PLAN = {"summary": "x", "steps": []}


class Everybody:
    """A right to listen that nobody takes away."""

    credential = SimpleNamespace(groups=list)

    def __init__(self, workspace_id: UUID) -> None:
        self.workspace_id = workspace_id

    async def goes_on(self) -> bool:
        return True


class Log:
    """Lines as they come."""

    def __init__(self, run: TaskRun) -> None:
        rows = Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk).order_by("seq")
        self.lines = event_export.follow(run.pk, rows, 0, Everybody(run.workspace_id))  # type: ignore[arg-type]

    async def until(self, kind: str) -> list[str]:
        found: list[str] = []
        while not found or found[-1] != kind:
            found.append(await self._next())
        return found

    async def rest(self) -> list[str]:
        found = []
        while True:
            try:
                found.append(await self._next())
            except StopAsyncIteration:
                return found

    async def _next(self) -> str:
        return (await asyncio.wait_for(anext(self.lines), SOON)).decode().split()[1]


@pytest.fixture
def ada() -> Principal:
    member: Membership = MembershipFactory(role=Role.OWNER)
    return Principal(user=member.user, workspace_id=member.workspace_id, role=Role.OWNER)


def make_run(by: Principal, status: Status, **fields: Any) -> TaskRun:
    task = TaskFactory(workspace_id=by.workspace_id, project__workspace_id=by.workspace_id)
    run: TaskRun = TaskRunFactory(workspace_id=by.workspace_id, task=task, status=status, plan=PLAN, plan_version=1, **fields)
    return run


@pytest.mark.parametrize("batch", [False, True], ids=["line by line", "all at once"])
def test_a_rejection_with_feedback_goes_on_and_a_pause_says_what_it_waits_for(ada: Principal, batch: bool) -> None:
    run = make_run(ada, Status.AWAITING_APPROVAL)
    known = {"principal": ada, "run_id": run.pk}

    def pause() -> None:
        TaskRun.across_tenants.filter(pk=run.pk).update(
            status=Status.PAUSED, paused_from=Status.PLANNING, pause_reason="budget", error={"detail": "It is spent."}
        )
        user_decisions.resume(run.pk, by=ada, message="Go on.")

    async def listen() -> list[str]:
        log = Log(run)
        if not batch:
            assert await log.until("waiting") == ["waiting"]
        await sync_to_async(services.decide_plan)(**known, approved=False, feedback="Use POST.")
        if not batch:
            assert await log.until("rejected") == ["rejected"]
        await sync_to_async(pause)()
        if not batch:
            assert await log.until("resumed") == ["steered", "resumed"]
        await sync_to_async(services.cancel_run)(**known)
        return await log.rest()

    rest = asyncio.run(listen())
    assert rest == (["rejected", "steered", "resumed", "cancelled"] if batch else ["cancelled"])


def test_a_paused_run_says_why_once_and_what_to_do(ada: Principal) -> None:
    run = make_run(ada, Status.PAUSED, paused_from=Status.PLANNING, pause_reason="budget", error={"detail": "$1 is spent."})
    said = event_export._waits_for(run)
    assert said == f"Run #{run.run_number} is paused (budget). $1 is spent. Resume to continue."


@pytest.mark.parametrize("last", ["rejected", "changes_decided", "recovered", ""])
def test_a_run_that_has_ended_ends_the_log_whatever_came_last(ada: Principal, last: str) -> None:
    run = make_run(ada, Status.REJECTED)
    data = {"by": "ada", **{"changes_decided": {"round": 1}, "recovered": {"fence": 2}}.get(last, {})}
    if last:
        with transaction.atomic():
            event_log.record(run, last, data, "x")
    assert asyncio.run(Log(run).rest()) == ([last] if last else [])


def test_a_run_that_was_deleted_ends_the_log(ada: Principal) -> None:
    run = make_run(ada, Status.PLANNING)

    async def listen() -> list[str]:
        log = Log(run)
        await sync_to_async(TaskRun.across_tenants.filter(pk=run.pk).delete)()
        return await log.rest()

    assert asyncio.run(listen()) == []
