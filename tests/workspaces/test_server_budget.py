"""The server's own budget: over all tenants, never passed, and nobody learns from it what others spend."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from tests.factories import WorkspaceFactory
from tests.support.patience import SOON
from workspaces import budgets
from workspaces.errors import CapReached
from workspaces.meters import BudgetScope, month_of
from workspaces.models import Budget, FormerSpending, LedgerEntry, Meter, Workspace
from workspaces.server_budget import spent

pytestmark = pytest.mark.django_db


def scope(on_server: bool = True, workspace: Workspace | None = None) -> BudgetScope:
    return BudgetScope((workspace or WorkspaceFactory()).pk, uuid.uuid4(), uuid.uuid4(), on_server=on_server)


def reserve(at: BudgetScope, tokens: int = 10, cost: str | None = "1", key: str = "k") -> LedgerEntry:
    price = None if cost is None else Decimal(cost)
    return budgets.reserve(scope=at, step_key=key, tokens=tokens, cost_usd=price, run_caps={})


def settle(entry: LedgerEntry, at: BudgetScope, tokens: int, cost: str) -> None:
    budgets.settle(
        entry, scope=at, model="m", tokens_in=tokens, tokens_out=0, cost_usd=Decimal(cost), duration_ms=1, run_caps={}
    )


@pytest.fixture
def capped(settings: Any) -> Callable[..., None]:
    def cap(usd: str = "0", tokens: int = 0) -> None:
        settings.MGX_SERVER_MONTHLY_USD, settings.MGX_SERVER_MONTHLY_TOKENS = Decimal(usd), tokens

    return cap


def test_all_tenants_together_stay_within_it(capped: Callable[..., None]) -> None:
    capped(usd="3")
    first, second = scope(), scope()
    entry = reserve(first, cost="1.5")
    reserve(second, cost="1.5")
    with pytest.raises(CapReached) as refused:
        reserve(scope(), cost="0.01")
    said = f"{refused.value.detail} {refused.value.hint}"
    assert "operator" in said
    assert not any(character.isdigit() for character in said), "no tenant learns what others have spent"
    settle(entry, first, tokens=4, cost="0.5")
    reserve(second, cost="0.9", key="k2")
    assert spent(month_of()) == (24, Decimal("2.9"))


def test_a_tenants_own_connection_is_not_the_operators_money(capped: Callable[..., None]) -> None:
    capped(tokens=10)
    own = scope(on_server=False)
    reserve(own, tokens=1_000)
    reserve(scope(), tokens=10)
    reserve(own, tokens=1_000, key="k2")
    with pytest.raises(CapReached):
        reserve(scope(), tokens=1)


def test_what_was_refused_is_in_no_sum(capped: Callable[..., None]) -> None:
    capped(tokens=10)
    at = scope()
    with pytest.raises(CapReached):
        reserve(at, tokens=11)
    assert not LedgerEntry.objects.for_workspace(at.workspace_id).exists()
    assert spent(month_of()) == (0, Decimal(0))


def test_a_call_of_unknown_price_is_refused_under_a_cap_in_usd(capped: Callable[..., None]) -> None:
    capped(usd="3")
    with pytest.raises(CapReached, match="price is unknown"):
        reserve(scope(), cost=None)
    capped(tokens=100)
    reserve(scope(), cost=None)


def test_deleting_a_workspace_gives_no_money_back(capped: Callable[..., None]) -> None:
    capped(usd="1", tokens=1_000)
    for _ in range(2):
        gone = WorkspaceFactory()
        reserve(scope(workspace=gone), tokens=5, cost="0.5")
        Workspace.objects.get(pk=gone.pk).delete()
    assert not Meter.across_tenants.exists()
    assert FormerSpending.objects.get().tokens == 10
    with pytest.raises(CapReached):
        reserve(scope(), cost="0.1")


@pytest.mark.django_db(transaction=True)
def test_tenants_that_spend_at_once_never_pass_it(capped: Callable[..., None]) -> None:
    capped(usd="5")
    scopes = [scope() for _ in range(10)]
    barrier = Barrier(len(scopes))

    def one(at: BudgetScope) -> bool:
        try:
            barrier.wait(timeout=SOON)
            reserve(at)
        except CapReached:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(len(scopes)) as pool:
        assert sorted(pool.map(one, scopes)) == [False] * 5 + [True] * 5
    assert spent(month_of())[1] == 5


def test_without_such_a_budget_nobody_stands_in_line() -> None:
    at = scope()
    reserve(at)
    with CaptureQueriesContext(connection) as queries:
        reserve(at, key="k2")
    assert not [query["sql"] for query in queries.captured_queries if "advisory" in query["sql"]]


def test_the_operators_budget_holds_beside_the_tenants_own() -> None:
    at = scope(on_server=False)
    own = Budget.objects.create(workspace_id=at.workspace_id, max_tokens=1_000)
    Budget.objects.create(workspace_id=at.workspace_id, max_tokens=100, set_by_operator=True)
    with pytest.raises(CapReached, match="set by the operator") as refused:
        reserve(at, tokens=101)
    assert "Ask the operator" in refused.value.hint
    own.max_tokens = 50
    own.save()
    with pytest.raises(CapReached) as refused:
        reserve(at, tokens=51)
    assert "mgx budget update" in refused.value.hint


@pytest.mark.parametrize(("cap", "unit"), [({"tokens": 100}, "tokens"), ({"usd": "10"}, "USD")])
def test_the_operator_is_told_once_that_four_fifths_are_used(
    capped: Callable[..., None],
    cap: dict[str, Any],
    unit: str,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    capped(**cap)
    said = []
    for _ in range(10):  # each takes a tenth of either
        with django_capture_on_commit_callbacks(execute=True):
            reserve(scope(), tokens=10, cost="1")
        said.append(sum("budget" in record.getMessage() and unit in record.getMessage() for record in caplog.records))
    assert said == [0] * 7 + [1] * 3


def test_the_operator_sees_how_much_is_used(capped: Callable[..., None], client: Any, admin_client: Any) -> None:
    capped(tokens=40)
    reserve(scope(), tokens=10)
    scraped = client.get("/metrics", REMOTE_ADDR="127.0.0.1").content.decode()
    assert 'mgx_server_budget_used_ratio{unit="tokens"} 0.25' in scraped
    assert "25%" in admin_client.get("/admin/").content.decode()
    capped()
    assert "unit=" not in client.get("/metrics", REMOTE_ADDR="127.0.0.1").content.decode()
