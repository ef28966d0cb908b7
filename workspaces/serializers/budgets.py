"""Budgets, and what is used of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from rest_framework import serializers

from mgx_project.common.row_serializers import RowSerializer

from ..budget_caps import LIMITS
from ..models import Budget


class BudgetUse(serializers.Serializer[Any]):
    """Reservations included."""

    tokens = serializers.IntegerField()
    cost_usd = serializers.CharField()
    calls = serializers.IntegerField()
    seconds = serializers.FloatField(help_text="Seconds that workers spent on runs. Waiting for people does not count.")
    unpriced_calls = serializers.IntegerField(help_text="Calls whose price is unknown; their cost is not included.")


class BudgetRow(RowSerializer):
    class Meta:
        model = Budget
        fields = ("id", "project_id", "period", *LIMITS, "set_by_operator", "used", "created_at", "updated_at")

    project_id = serializers.UUIDField(allow_null=True, help_text="Null: the whole workspace.")
    set_by_operator = serializers.BooleanField(
        help_text="Set by the operator of the server. The workspace can't change it, but can add stricter ones."
    )
    used = BudgetUse(help_text="Used since the month began (UTC), or in total.")

    @classmethod
    def shape(cls, row: dict[str, Any]) -> dict[str, Any]:
        used = row["used"] or dict.fromkeys(("tokens", "calls", "ms", "unpriced_calls"), 0) | {"cost_usd": "0"}
        row["used"] = {**used, "cost_usd": str(used["cost_usd"]), "seconds": used["ms"] / 1000}
        del row["used"]["ms"]
        return row


class BudgetLimits(serializers.ModelSerializer[Budget]):
    project_id = serializers.UUIDField(required=False, allow_null=True, help_text="Null: the whole workspace.")

    class Meta:
        model = Budget
        fields = ("project_id", "period", *LIMITS)
        extra_kwargs: ClassVar[dict[str, Any]] = {
            name: {"min_value": Decimal(0) if name == "max_cost_usd" else 0, "help_text": "Null: no such limit."}
            for name in LIMITS
        }
