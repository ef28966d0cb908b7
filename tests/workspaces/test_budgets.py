"""A cap is never passed, whoever spends at the same time; what is counted is what the ledger says."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import BigIntegerField, F, Sum
from django.db.models.functions import Coalesce
from django.test.utils import CaptureQueriesContext

from tests.factories import WorkspaceFactory
from tests.support.drills import times
from workspaces import budgets, meters
from workspaces.errors import CapReached
from workspaces.meters import BudgetScope
from workspaces.models import Budget, LedgerEntry, Meter

TOKENS = Coalesce(F("tokens_in") + F("tokens_out"), F("reserved_tokens"), output_field=BigIntegerField())
COST = Coalesce(F("cost_usd"), F("reserved_cost_usd"))
RUNS = times(50, 20)
CALLS = RUNS * 9 // 5
"""A cap that allows so many of the eight calls that each run tries, were each as large as its reservation."""
TOKENS_OF_ALL, COST_OF_ALL = {"max_tokens": 100 * CALLS}, {"max_cost_usd": Decimal(CALLS) / 10}
CAPS: list[tuple[bool, dict[str, Any]]] = [
    (False, TOKENS_OF_ALL),
    (True, COST_OF_ALL),
    (False, {"max_calls": CALLS}),
    (True, TOKENS_OF_ALL),
    (False, COST_OF_ALL),
    (True, {"max_calls": CALLS}),
]
"""Whether it is a project's, and what it limits: a project's are found by the same query, so the first three are every kind."""


@pytest.fixture
def scope(db: None) -> BudgetScope:
    return BudgetScope(WorkspaceFactory().pk, uuid.uuid4(), uuid.uuid4())


def reserve(scope: BudgetScope, key: str = "k", tokens: int = 10, cost: str | None = "0.1", **caps: Any) -> LedgerEntry:
    default = caps.pop("default_tokens", None)
    return budgets.reserve(
        scope=scope,
        step_key=key,
        tokens=tokens,
        cost_usd=None if cost is None else Decimal(cost),
        run_caps=caps,
        default_tokens=default,
    )


def settle(entry: LedgerEntry, scope: BudgetScope, tokens: int = 10, cost: str | None = "0.1", **caps: Any) -> list[Any]:
    return budgets.settle(
        entry, scope=scope, model="m", tokens_in=tokens - 1, tokens_out=1, duration_ms=5, run_caps=caps,
        cost_usd=None if cost is None else Decimal(cost),
    ).warnings  # fmt: skip


def spent(workspace_id: uuid.UUID) -> tuple[int, Decimal, int]:
    """By the ledger's entries, reservations in full."""
    entries = LedgerEntry.objects.for_workspace(workspace_id).filter(cached=False)
    sums = entries.aggregate(tokens=Coalesce(Sum(TOKENS), 0), cost=Coalesce(Sum(COST), Decimal(0)))
    return sums["tokens"], sums["cost"], entries.count()


@contextmanager
def watched(check: Callable[[], None]) -> Iterator[None]:
    """Makes ``check`` again and again on a connection of its own while the block runs."""
    over, failures = threading.Event(), []

    def look() -> None:
        try:
            while not over.is_set():
                check()
        except AssertionError as error:
            failures.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not failures, failures[0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("of_project", "limits"), CAPS[: times(6, 3)])
def test_many_runs_at_once_never_pass_a_cap(limits: dict[str, Any], of_project: bool) -> None:
    workspace, project = WorkspaceFactory(), uuid.uuid4()
    Budget.objects.create(workspace=workspace, project_id=project if of_project else None, **limits)

    def check() -> None:
        tokens, cost, calls = spent(workspace.pk)
        assert tokens <= limits.get("max_tokens", tokens)
        assert cost <= limits.get("max_cost_usd", cost)
        assert calls <= limits.get("max_calls", calls)

    def run(number: int) -> int:
        luck, mine = random.Random(number), BudgetScope(workspace.pk, project, uuid.uuid4())
        made = 0
        try:
            for call in range(8):
                entry = reserve(mine, f"call/{call}", tokens=100, cost="0.1")
                made += 1
                if luck.random() < 0.9:  # the others crash in the middle of the call
                    settle(entry, mine, tokens=luck.randint(2, 100), cost=f"0.{luck.randint(0, 9):02}")
        except CapReached:
            pass
        finally:
            connections.close_all()
        return made

    with watched(check), ThreadPoolExecutor(RUNS) as pool:
        made = sum(pool.map(run, range(RUNS)))
    check()
    assert made == LedgerEntry.objects.for_workspace(workspace.pk).count() >= CALLS
    agree(workspace.pk)


def agree(workspace_id: uuid.UUID) -> None:
    """Every meter says what the entries that it stands for add up to."""
    for meter in Meter.objects.for_workspace(workspace_id):
        entries = LedgerEntry.objects.for_workspace(workspace_id)
        if meter.period:
            entries = entries.filter(month=meter.period)
        if meter.scope != Meter.Scope.WORKSPACE:
            entries = entries.filter(**{f"{meter.scope}_id": meter.scope_id})
        sums = entries.filter(cached=False).aggregate(tokens=Coalesce(Sum(TOKENS), 0), cost=Coalesce(Sum(COST), Decimal(0)))
        assert meter.tokens_in + meter.tokens_out + meter.reserved_tokens == sums["tokens"], meter
        assert meter.cost_usd + meter.reserved_cost_usd == sums["cost"], meter
        assert meter.calls == entries.filter(cached=False).count()
        assert meter.cached_calls == entries.filter(cached=True).count()


@pytest.mark.django_db(transaction=True)
def test_calls_that_one_run_makes_side_by_side_see_each_other() -> None:
    scope = BudgetScope(WorkspaceFactory().pk, uuid.uuid4(), uuid.uuid4())

    def call(number: int) -> bool:
        try:
            reserve(scope, f"part/{number}", tokens=100, max_tokens=450)
        except CapReached:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(call, range(12))) == 4


@pytest.mark.django_db(transaction=True)
def test_runs_at_once_do_not_work_longer_than_a_cap_allows() -> None:
    workspace = WorkspaceFactory()
    Budget.objects.create(workspace=workspace, max_seconds=30)

    def run(_: int) -> int:
        mine, worked = BudgetScope(workspace.pk, uuid.uuid4(), uuid.uuid4()), 0
        try:
            while (bought := budgets.reserve_time(scope=mine, run_caps={}, ms=1700)).ms:
                budgets.release_time(scope=mine, month=bought.month, ms=bought.ms // 4)
                worked += bought.ms - bought.ms // 4
            assert "30 seconds" in bought.reached
        finally:
            connections.close_all()
        return worked

    with ThreadPoolExecutor(8) as pool:
        worked = sum(pool.map(run, range(8)))
    assert 29_990 <= worked <= 30_000
    total = Meter.objects.for_workspace(workspace.pk).get(scope="workspace", period="")
    assert total.work_ms == worked


def test_what_a_call_takes_beyond_its_reservation_is_counted_and_the_next_is_refused(scope: BudgetScope) -> None:
    settle(reserve(scope, tokens=10, max_tokens=100), scope, tokens=150)
    with pytest.raises(CapReached, match="150 are used"):
        reserve(scope, tokens=1, max_tokens=100)
    agree(scope.workspace_id)


def test_an_unknown_price_is_refused_under_a_cap_in_usd(scope: BudgetScope) -> None:
    with pytest.raises(CapReached) as refused:
        reserve(scope, cost=None, max_cost_usd="5")
    assert "price is unknown" in refused.value.detail
    assert "price_in" in refused.value.hint
    assert not LedgerEntry.objects.for_workspace(scope.workspace_id).exists()
    reserve(scope, cost="0", max_cost_usd="5")  # a model of one's own may cost nothing


def test_an_unknown_price_without_a_cap_on_tokens_gets_one(scope: BudgetScope) -> None:
    reserve(scope, tokens=60, cost=None, default_tokens=100)
    with pytest.raises(CapReached, match="100 tokens"):
        reserve(scope, tokens=60, cost=None, default_tokens=100)
    reserve(scope, tokens=60, cost="0.01", default_tokens=100)  # a known price is what people may cap instead
    reserve(scope, tokens=60, cost=None, default_tokens=100, max_tokens=1000)


def test_an_answer_that_broke_off_counts_as_it_was_reserved(scope: BudgetScope) -> None:
    entry = reserve(scope, cost="0.4", max_cost_usd="1")
    settle(entry, scope, cost=None)
    entry.refresh_from_db()
    assert entry.cost_usd == Decimal("0.4")
    settle(reserve(scope, cost=None), scope, cost=None)
    assert Meter.objects.for_workspace(scope.workspace_id).get(scope="run").unpriced_calls == 1
    agree(scope.workspace_id)


def test_a_call_is_settled_once(scope: BudgetScope) -> None:
    entry = reserve(scope)
    settle(entry, scope, tokens=7)
    settle(entry, scope, tokens=7)
    assert spent(scope.workspace_id)[0] == 7
    agree(scope.workspace_id)


def test_an_answer_from_the_cache_costs_nothing_and_is_counted(scope: BudgetScope) -> None:
    budgets.count_cached(scope=scope, step_key="k", model="m")
    budgets.count_cached(scope=scope, step_key="k", model="m")
    meter = Meter.objects.for_workspace(scope.workspace_id).get(scope="run")
    assert (meter.calls, meter.cached_calls, meter.cost_usd) == (0, 2, 0)
    reserve(scope, max_calls=1)


def test_a_warning_names_a_cap_of_which_four_fifths_are_used(scope: BudgetScope) -> None:
    Budget.objects.create(workspace_id=scope.workspace_id, max_cost_usd=Decimal(1), period="total")
    assert settle(reserve(scope, cost="0.79", tokens=79, max_tokens=100), scope, 79, "0.79", max_tokens=100) == []
    warnings = settle(reserve(scope, cost="0.01", tokens=1, max_tokens=100), scope, 1, "0.01", max_tokens=100)
    assert [warning.detail for warning in warnings] == [
        "This run's budget: 80 of 100 tokens are used.",
        "The workspace's budget in total: $0.80 of $1 are used.",
    ]


def test_a_month_begins_at_nothing_and_a_call_counts_where_it_began(
    scope: BudgetScope, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = Budget.objects.create(workspace_id=scope.workspace_id, max_tokens=100)
    monkeypatch.setattr(meters.clock, "now", lambda: datetime(2026, 10, 31, 23, 59, tzinfo=UTC))
    late = reserve(scope, tokens=90)
    with pytest.raises(CapReached, match="of this month"):
        reserve(scope, tokens=90)
    monkeypatch.setattr(meters.clock, "now", lambda: datetime(2026, 11, 1, 0, 1, tzinfo=UTC))
    reserve(scope, tokens=90)
    settle(late, scope, tokens=40)
    months = dict(Meter.objects.for_workspace(scope.workspace_id).filter(scope="workspace").values_list("period", "tokens_in"))
    assert months == {"": 39, "2026-10": 39, "2026-11": 0}
    Budget.objects.for_workspace(scope.workspace_id).filter(pk=budget.pk).update(period="total")
    with pytest.raises(CapReached, match="in total"):
        reserve(scope, tokens=90)
    agree(scope.workspace_id)


def test_a_budget_of_another_project_or_workspace_does_not_count(scope: BudgetScope) -> None:
    Budget.objects.create(workspace_id=scope.workspace_id, project_id=uuid.uuid4(), max_calls=0)
    Budget.objects.create(workspace=WorkspaceFactory(), max_calls=0)
    reserve(scope)


def test_a_check_costs_the_same_however_long_the_ledger(scope: BudgetScope) -> None:
    Budget.objects.create(workspace_id=scope.workspace_id, max_tokens=10**9)
    Budget.objects.create(workspace_id=scope.workspace_id, project_id=scope.project_id, max_tokens=10**9, period="total")
    reserve(scope)
    with CaptureQueriesContext(connection) as few:
        settle(reserve(scope, "a"), scope)
    for number in range(30):
        settle(reserve(scope, f"b/{number}"), scope)
    with CaptureQueriesContext(connection) as many:
        settle(reserve(scope, "c"), scope)
    assert len(few) == len(many) <= 16
    assert not [query["sql"] for query in many if "SUM(" in query["sql"]]
