"""Model connections and budgets."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from mgx_project.common.rows import RowSerializer

from ..models import Budget, ModelConnection


class ModelConnectionRow(RowSerializer):
    has_api_key = serializers.BooleanField()

    class Meta:
        model = ModelConnection
        fields = (
            "id", "name", "kind", "model", "base_url", "has_api_key", "price_in", "price_out", "is_default", "created_at",
            "updated_at",
        )  # fmt: skip


class ModelConnectionInput(serializers.ModelSerializer[ModelConnection]):
    api_key = serializers.CharField(
        required=False, allow_blank=True, write_only=True, max_length=500, help_text="Stored encrypted, never shown."
    )

    class Meta:
        model = ModelConnection
        fields = ("name", "kind", "model", "base_url", "api_key", "price_in", "price_out", "is_default")
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "price_in": {"min_value": 0, "help_text": "USD per million input tokens; null when unknown."},
            "price_out": {"min_value": 0, "help_text": "USD per million output tokens; null when unknown."},
        }


class BudgetRow(RowSerializer):
    class Meta:
        model = Budget
        fields = ("id", "project_id", "period", "max_tokens", "max_cost_usd", "max_calls", "created_at", "updated_at")

    project_id = serializers.UUIDField(allow_null=True, help_text="Null: the whole workspace.")


class BudgetLimits(serializers.ModelSerializer[Budget]):
    project_id = serializers.UUIDField(required=False, allow_null=True, help_text="Null: the whole workspace.")

    class Meta:
        model = Budget
        fields = ("project_id", "period", "max_tokens", "max_cost_usd", "max_calls")
        extra_kwargs: ClassVar[dict[str, Any]] = {
            name: {"min_value": 0, "help_text": "Null: no limit of this kind."}
            for name in ("max_tokens", "max_cost_usd", "max_calls")
        }
