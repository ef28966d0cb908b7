"""Budgets reserve what is likely, wait for calls that are being made, and give back what dead workers held."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.models import BigIntegerField, F, Sum
from django.db.models.functions import Coalesce, Now

from agent.errors import Paused
from agent.ports import CallEstimate, ModelCompletion
from runs.lifecycle.room_returns import RoomReturns
from runs.lifecycle.worker_transitions import claim, pause
from runs.models import TaskRun
from runs.models.run_state import Status
from runs.orphaned_calls import settle_orphans
from runs.worker import llm_budget
from runs.worker.event_buffer import EventBuffer
from runs.worker.llm_budget import LedgerBudget
from workspaces import budgets, likely_calls
from workspaces.likely_calls import FIRST_GUESS, likely_answer
from workspaces.models import Budget, LedgerEntry, Meter

from ..support.scripted_openai import Reply, serve
from ..support.team_script import action_of, script
from .conftest import Tenant, drive, types
from .test_budgets import priced
from .test_durability import expire
from .test_ends import CODE, edit

UPPER = CallEstimate(700, 34_000, role="engineer", model="m")


def spent(tenant: Tenant) -> int:
    whole = Coalesce(F("tokens_in") + F("tokens_out"), F("reserved_tokens"), output_field=BigIntegerField())
    total: int = LedgerEntry.objects.for_workspace(tenant.workspace.pk).aggregate(total=Sum(whole))["total"] or 0
    return total


def claimed(tenant: Tenant) -> TaskRun:
    run = claim(tenant.run().pk, {Status.QUEUED})
    assert run is not None
    return run


def in_parallel(runs: list[TaskRun], carry_out: Callable[[LedgerBudget], Any]) -> list[Any]:
    """Each with its own database thread, as executions have."""

    async def one(run: TaskRun) -> Any:
        with ThreadPoolExecutor(1) as thread:

            async def db(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
                return await asyncio.get_running_loop().run_in_executor(thread, partial(func, *args, **kwargs))

            try:
                return await carry_out(LedgerBudget(run, EventBuffer(run, run.fence), db))
            finally:
                await db(connections.close_all)

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(one(run) for run in runs), return_exceptions=True)

    return asyncio.run(all_of_them())


def test_ten_small_calls_at_once_fit_under_a_cap_that_their_longest_answers_would_pass(tenant: Tenant) -> None:
    Budget.objects.create(workspace_id=tenant.workspace.pk, max_tokens=12_000, period="total")
    runs = [claimed(tenant) for _ in range(10)]

    async def call(budget: LedgerBudget) -> int:
        held = await budget.reserve("k", UPPER)
        await asyncio.sleep(0.05)
        await budget.settle("k", ModelCompletion("", "m", 700, 100))
        return held

    assert in_parallel(runs, call) == [FIRST_GUESS] * 10
    assert spent(tenant) == 8_000


def test_who_has_waited_in_vain_pauses_and_says_what_it_needs(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm_budget, "LONGEST_WAIT", -600.0)
    Budget.objects.create(workspace_id=tenant.workspace.pk, max_tokens=6_000, period="total")
    runs = [claimed(tenant), claimed(tenant)]

    async def call(budget: LedgerBudget) -> None:
        await budget.reserve("k", UPPER)

    first, second = sorted(in_parallel(runs, call), key=bool)
    assert first is None and isinstance(second, Paused)
    assert second.needs == {"tokens": 4_700, "cost_usd": None, "on_server": False, "calls": 1}
    assert spent(tenant) == 4_700


def test_an_answer_that_grows_keeps_its_unknown_price_and_the_cap_that_goes_with_it(
    tenant: Tenant, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llm_budget, "WAIT_WITHIN_ANSWER", -1.0)
    settings.MGX_DEFAULT_RUN_TOKENS = 10_000
    run = claimed(tenant)

    async def call(budget: LedgerBudget) -> str:
        await budget.reserve("k", UPPER)
        await budget.enlarge("k", 8_000, 1)
        with pytest.raises(Paused) as refused:
            await budget.enlarge("k", 20_000, 1)
        await budget.settle("k", ModelCompletion("", "m", 700, 7_900))
        return refused.value.detail

    (refused,) = in_parallel([run], call)
    assert "10,000 tokens" in refused
    meter = Meter.objects.for_workspace(tenant.workspace.pk).get(scope="run", scope_id=run.pk)
    assert (meter.unpriced_calls, meter.tokens_out) == (1, 7_900)


def test_what_is_likely_is_what_nineteen_of_twenty_stayed_below(tenant: Tenant) -> None:
    run = claimed(tenant)
    scope = llm_budget.scope_of(run)

    def called(role: str, tokens_out: int) -> None:
        entry = budgets.reserve(scope=scope, step_key=uuid.uuid4().hex, tokens=1, cost_usd=None, run_caps={}, role=role)
        budgets.settle(
            entry, scope=scope, model="m", tokens_in=1, tokens_out=tokens_out, cost_usd=None, duration_ms=1, run_caps={}
        )

    for tokens in range(1, 20):
        called("engineer", 100 * tokens)
    called("engineer", 30_000)
    called("reviewer", 6_000)
    workspace = tenant.workspace.pk
    assert likely_answer(workspace, "engineer", "m") == 1_900
    assert likely_answer(workspace, "reviewer", "m") == 6_000, "one answer says that there are longer ones than guessed"
    assert likely_answer(workspace, "engineer", "other") == FIRST_GUESS


def test_an_answer_that_becomes_longer_than_likely_is_cut_before_the_cap_and_goes_on_when_it_is_raised(
    tenant: Tenant, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likely_calls, "FIRST_GUESS", 500)
    monkeypatch.setattr(llm_budget, "WAIT_WITHIN_ANSWER", 0.0)
    cap, answers, long = 12_000, script(code=CODE, files=["shop/prices.py"]), "x = 1\n" * 20_000

    def talks(messages: Any) -> Any:
        said = answers(messages)
        return Reply(long, usage=False) if action_of(messages) == "WriteCode" and talks.long else said  # type: ignore[attr-defined]

    talks.long = True  # type: ignore[attr-defined]
    budget = Budget.objects.create(workspace_id=tenant.workspace.pk, max_tokens=cap, period="total")
    with serve(talks) as server:
        priced(tenant, server.url, max_output_tokens=30_000)
        run = drive(edit(tenant, shop))
        assert (run.status, run.pause_reason) == (Status.PAUSED, "budget"), run.error
        assert 3_000 < spent(tenant) <= cap
        assert RoomReturns().resume() == 0, "there is none yet"
        talks.long = False  # type: ignore[attr-defined]
        budget.max_tokens = 1_000_000
        budget.save()
        assert RoomReturns().resume() == 1
        assert RoomReturns().resume() == 0
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    assert types(run).count("resumed") == 1


def test_what_dead_workers_held_is_settled_and_shown_and_lets_others_go_on(tenant: Tenant) -> None:
    run, waiting = claimed(tenant), claimed(tenant)
    Budget.objects.create(workspace_id=tenant.workspace.pk, max_tokens=10_000, period="total")
    budgets.reserve(scope=llm_budget.scope_of(run), step_key="k", tokens=7_000, cost_usd=None, run_caps={})
    pause(waiting.pk, waiting.fence, "budget", "No room.", needs={"tokens": 5_000, "cost_usd": "0", "calls": 1})

    def after(seconds: int) -> int:
        long_ago = Now() - timedelta(seconds=seconds)
        LedgerEntry.objects.for_workspace(tenant.workspace.pk).update(created_at=long_ago)
        TaskRun.across_tenants.filter(pk=run.pk).update(claimed_at=Now() - timedelta(seconds=seconds + 1))
        return settle_orphans()

    assert after(3600) == 0, "its worker lives"
    expire(run)
    assert after(30) == 0, "its worker may just be ending"
    TaskRun.across_tenants.filter(pk=run.pk).update(lease_expires_at=Now() - timedelta(seconds=40))
    again = claim(run.pk, {Status.PLANNING})
    assert again is not None
    TaskRun.across_tenants.filter(pk=run.pk).update(claimed_at=Now() - timedelta(seconds=24))
    budgets.reserve(scope=llm_budget.scope_of(run), step_key="k", tokens=100, cost_usd=None, run_caps={})
    LedgerEntry.objects.for_workspace(tenant.workspace.pk).filter(attempt=2).update(created_at=Now() - timedelta(seconds=23))
    assert settle_orphans() == 1, "that of the claim before, not the new one's"
    run.refresh_from_db()
    assert (run.usage["tokens_in"], run.usage["calls"]) == (7_000, 2)
    meter = Meter.objects.for_workspace(tenant.workspace.pk).get(scope="workspace", period="")
    assert (meter.tokens_in, meter.reserved_tokens) == (7_000, 100)
    assert (RoomReturns().resume(), settle_orphans()) == (0, 0)
    Budget.objects.for_workspace(tenant.workspace.pk).update(max_tokens=13_000)
    assert RoomReturns().resume() == 1
    waiting.refresh_from_db()
    assert (waiting.status, waiting.error) == (Status.PLANNING, None)
