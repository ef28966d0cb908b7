"""Runs under caps: they warn, pause before the call that would pass one, and go on when it is raised."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.models import BigIntegerField, F, Sum
from django.db.models.functions import Coalesce

from runs import services
from runs.models import TaskRun
from runs.models.run_state import Status
from runs.worker import time_budget
from tests.conftest import MakeCaller
from workspaces.models import Budget, Event, LedgerEntry, Meter, ModelConnection, Role

from ..support.run_actors import actor_of
from ..support.scripted_openai import Reply, serve
from ..support.team_script import script
from .conftest import Tenant, api_of, drive, types
from .test_ends import CODE, edit

FILES = ["shop/prices.py"]


def priced(tenant: Tenant, url: str, **fields: Any) -> ModelConnection:
    prices = {"price_in": Decimal("2"), "price_out": Decimal("8"), "max_output_tokens": 2000}
    connection: ModelConnection = ModelConnection.objects.create(
        workspace_id=tenant.workspace.pk, name="m", kind="openai", model="scripted", base_url=url, is_default=True,
        **{**prices, **fields},
    )  # fmt: skip
    return connection


def warnings_of(run: TaskRun) -> list[str]:
    return list(
        Event.objects.for_workspace(run.workspace_id)
        .filter(run_id=run.pk, type="budget_warning")
        .values_list("message", flat=True)
    )


def test_a_raise_over_the_api_lets_a_run_go_on(tenant: Tenant, shop: Path) -> None:
    api = api_of(tenant)
    budget = api.post("/api/budgets", {"max_cost_usd": "0.215", "period": "total"}).json()
    with serve(script(code=CODE, files=FILES)) as server:
        priced(tenant, server.url, price_out=Decimal("100"))
        run = drive(edit(tenant, shop))
        assert (run.status, run.pause_reason) == (Status.PAUSED, "budget"), run.error
        assert "The workspace's budget in total allows $0.215" in run.error["detail"]
        used = api.get(f"/api/budgets/{budget['id']}").json()["used"]
        assert Decimal(used["cost_usd"]) <= Decimal("0.215")
        assert len(server.requests) == used["calls"] == run.usage["calls"]
        assert api.patch(f"/api/budgets/{budget['id']}", {"max_cost_usd": "5"}).status_code == 200
        assert api.post(f"/api/runs/{run.pk}/resume").status_code == 200
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    assert len(server.requests) == run.usage["calls"] == 4, "no call was made twice"
    billed = LedgerEntry.objects.for_workspace(run.workspace_id).aggregate(cost=Sum("cost_usd"))["cost"]
    assert Decimal(run.usage["cost_usd"]) == billed > 0


def test_an_admin_raises_the_runs_own_budget_with_resume(tenant: Tenant, shop: Path, make_caller: MakeCaller) -> None:
    with serve(script(code=CODE, files=FILES)) as server:
        priced(tenant, server.url)
        run = drive(edit(tenant, shop, budget={"max_calls": 2}))
        assert (run.status, run.pause_reason) == (Status.PAUSED, "budget")
        assert warnings_of(run) == ["This run's budget: 2 of 2 model calls are used."]
        path = f"/api/runs/{run.pk}/resume"
        raised = {"budget": {"max_calls": 100, "max_tokens": None}}
        assert make_caller(Role.DEVELOPER, tenant.workspace).api.post(path, raised).status_code == 403
        assert api_of(tenant).post(path, {"budget": {"max_calls": 0}}).status_code == 400
        assert api_of(tenant).post(path, raised).json()["budget"] == {"max_calls": 100, "max_tokens": None}
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error


def test_a_cap_is_warned_of_once(tenant: Tenant, shop: Path) -> None:
    Budget.objects.create(workspace_id=tenant.workspace.pk, max_calls=5)
    with serve(script(code=CODE, files=FILES)) as server:
        priced(tenant, server.url)
        run = drive(edit(tenant, shop))
    assert run.status == Status.COMPLETED, run.error
    assert warnings_of(run) == ["The workspace's budget of this month: 4 of 5 model calls are used."]
    assert types(run).count("budget_warning") == 1


def test_an_unknown_price_under_a_cap_in_usd_asks_no_model(tenant: Tenant, shop: Path) -> None:
    with serve(script(code=CODE, files=FILES)) as server:
        connection = priced(tenant, server.url, price_in=None)
        run = drive(edit(tenant, shop, budget={"max_cost_usd": Decimal("5")}))
        assert (run.status, run.pause_reason, server.requests) == (Status.PAUSED, "budget", [])
        assert "price is unknown" in run.error["detail"]
        assert "price_in" in run.error["hint"]
        path = f"/api/models/{connection.pk}"
        assert api_of(tenant).patch(path, {"price_in": "0", "price_out": "0"}).status_code == 200
        services.resume_run(principal=tenant.principal, run_id=run.pk)
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    assert Decimal(run.usage["cost_usd"]) == 0


def test_an_unknown_price_without_a_cap_has_one(tenant: Tenant, shop: Path, settings: Any) -> None:
    settings.MGX_DEFAULT_RUN_TOKENS = 5000
    with serve(script(code=CODE, files=FILES)) as server:
        priced(tenant, server.url, price_in=None)
        run = drive(edit(tenant, shop))
        assert (run.status, run.pause_reason) == (Status.PAUSED, "budget")
        assert "5,000 tokens" in run.error["detail"]
        assert run.usage.get("cost_usd") is None
        services.resume_run(principal=tenant.principal, run_id=run.pk, budget={"max_tokens": 1_000_000})
        assert drive(run).status == Status.COMPLETED


def test_a_cap_on_time_ends_a_call_that_takes_long(tenant: Tenant, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_budget, "SLICE_MS", 400)
    monkeypatch.setattr(time_budget, "AHEAD", 0.2)
    answers, slow = script(code=CODE, files=FILES), [True]

    def script_(messages: Any) -> Any:
        said = answers(messages)
        if slow[0] and "FILE:" in str(said):
            return Reply(str(said), delay=3600)
        return said

    with serve(script_) as server:
        priced(tenant, server.url)
        run = drive(edit(tenant, shop, budget={"max_seconds": 3}))
        assert (run.status, run.pause_reason) == (Status.PAUSED, "budget"), run.error
        assert "3 seconds of work" in run.error["detail"]
        meter = Meter.objects.for_workspace(run.workspace_id).get(scope="run")
        assert 2_900 <= meter.work_ms <= 3_000
        assert any("seconds of work" in text for text in warnings_of(run))
        slow[0] = False
        services.resume_run(principal=tenant.principal, run_id=run.pk, budget={"max_seconds": 600})
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error


def test_several_runs_at_once_keep_one_cap_of_their_workspace(tenant: Tenant, shop: Path) -> None:
    cap = Decimal("0.05")
    Budget.objects.create(workspace_id=tenant.workspace.pk, max_cost_usd=cap, max_tokens=12_000, period="total")
    over, seen = threading.Event(), []

    def watch() -> None:
        cost = Coalesce(F("cost_usd"), F("reserved_cost_usd"))
        tokens = Coalesce(F("tokens_in") + F("tokens_out"), F("reserved_tokens"), output_field=BigIntegerField())
        while not over.is_set():
            seen.append(LedgerEntry.objects.for_workspace(tenant.workspace.pk).aggregate(cost=Sum(cost), tokens=Sum(tokens)))
            time.sleep(0.01)
        connections.close_all()

    def carry_out(run: TaskRun) -> TaskRun:
        try:
            run.refresh_from_db()
            while actor := actor_of(run):
                actor(str(run.pk))
                run.refresh_from_db()
            return run
        finally:
            connections.close_all()

    # each run has a team of its own: their questions come mixed
    def any_team(messages: Any) -> Any:
        time.sleep(0.02)
        return script(code=CODE, files=FILES)(messages)

    with serve(any_team) as server:
        priced(tenant, server.url)
        link = tenant.link(shop, is_primary=True)
        tasks = [
            tenant.task(f"Let total() ignore None, part {number}", repository_id=link.pk, output_mode="patch_existing")
            for number in range(6)
        ]
        runs = [tenant.run(task, auto_approve=True) for task in tasks]
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            with ThreadPoolExecutor(6) as pool:
                ended = list(pool.map(carry_out, runs))
        finally:
            over.set()
            watcher.join()
    assert max(row["cost"] or 0 for row in seen) <= cap
    assert max(row["tokens"] or 0 for row in seen) <= 12_000
    assert {run.status for run in ended} <= {Status.PAUSED, Status.COMPLETED}
    assert {run.pause_reason for run in ended if run.status == Status.PAUSED} == {"budget"}


def test_answers_from_the_cache_are_counted_and_cost_nothing(tenant: Tenant, shop: Path, settings: Any) -> None:
    settings.MGX_CACHE_BACKEND = "memory"
    with serve(script(code=CODE, files=FILES)) as server:
        priced(tenant, server.url)
        link = tenant.link(shop, is_primary=True)
        task = tenant.task("Let total() ignore prices that are None", repository_id=link.pk, output_mode="patch_existing")
        first = drive(tenant.run(task, auto_approve=True))
        asked = len(server.requests)
        second = drive(tenant.run(task, auto_approve=True))
    assert (first.status, second.status) == (Status.COMPLETED, Status.COMPLETED), second.error
    assert first.usage["cached_calls"] == 0
    assert second.usage["cached_calls"] >= 1
    assert second.usage["calls"] == len(server.requests) - asked
    shown = api_of(tenant).get(f"/api/runs/{second.pk}").json()["usage"]
    assert shown["cached_calls"] == second.usage["cached_calls"]
    totals = api_of(tenant).get(f"/api/workspaces/{tenant.workspace.pk}/usage").json()["totals"]
    assert totals["cached_calls"] == second.usage["cached_calls"]
