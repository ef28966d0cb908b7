"""One way to write money, on the server and in the CLI: never an exponent, never a price that is not there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from mgx_cli.commands.budgets import _of
from mgx_cli.render import cost

from agent.ports import ModelCompletion
from mgx_project.common.money import usd
from runs.admin.panels import plan_page
from workspaces.budget_caps import Cap
from workspaces.models import Meter


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0.000045", "$0.000045"), (4.5e-05, "$0.000045"), ("4.5e-05", "$0.000045"), (Decimal("4.5E-5"), "$0.000045"),
        ("1E-7", "less than $0.000001"), (1e-12, "less than $0.000001"), ("0", "$0"), ("0.000000", "$0"), (0, "$0"),
        ("20", "$20"), ("2E+1", "$20"), ("1e3", "$1,000"), ("0.5", "$0.50"), ("2.500000", "$2.50"), ("0.0123", "$0.0123"),
        (0.1 + 0.2, "$0.30"), ("1234567.891", "$1,234,567.891"), ("0.9999999", "$1"), ("-0.5", "-$0.50"),
        ("unknown", "unknown"),
    ],
)  # fmt: skip
def test_an_amount_is_written_the_same_everywhere(amount: object, shown: str) -> None:
    assert usd(amount) == cost(amount) == shown


@pytest.mark.parametrize(
    ("used", "limit", "shown"), [("0.000045", "0.00009", "$0.000045 of $0.00009"), ("0.000045", None, "$0.000045")]
)
def test_a_budget_is_listed_without_exponents(used: str, limit: str | None, shown: str) -> None:
    row: dict[str, Any] = {"used": {"cost_usd": used}, "max_cost_usd": limit}
    assert _of(row, "cost_usd") == shown


def test_a_tiny_cost_is_a_decimal_string_in_the_journal_and_in_events() -> None:
    done = ModelCompletion("", "m", 1, 1, cost_usd=Decimal("0.15") * Decimal("1E-6"))
    assert done.to_json()["cost_usd"] == "0.00000015"


def test_pages_and_warnings_say_it_too() -> None:
    page = plan_page({"summary": "x", "steps": [], "estimate": {"tokens": 5, "cost_usd": "4.5e-05", "seconds": 1}})
    assert "$0.000045" in page
    cap = Cap(
        "The budget", "k", Meter(cost_usd=Decimal("0.000045"), reserved_cost_usd=Decimal()), max_cost_usd=Decimal("0.00005")
    )
    assert [warning.detail for warning in cap.warnings()] == ["The budget: $0.000045 of $0.00005 are used."]
