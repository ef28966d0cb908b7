"""Model connections, and the test of one."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from mgx_project.common.bounded import BoundedDictField
from mgx_project.common.row_serializers import RowSerializer

from ..models import ModelConnection

LARGEST = 2**31 - 1


class ModelResult(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    code = serializers.CharField(help_text='The error code, as in a run\'s error; "" if the test succeeded.')
    detail = serializers.CharField()
    hint = serializers.CharField(help_text="What to do.")
    model = serializers.CharField()
    latency_ms = serializers.IntegerField(allow_null=True)
    tokens = serializers.IntegerField(allow_null=True, help_text="Tokens used by the test, input and output.")


class ConnectionTest(ModelResult):
    """The first seven fields describe the connection's own model, or the first model that failed."""

    native_tools = serializers.BooleanField(allow_null=True)
    found_native_tools = serializers.BooleanField(help_text="Whether this test set `native_tools` of the connection.")
    context_tokens = serializers.IntegerField(allow_null=True, help_text="As configured in the connection.")
    models = ModelResult(many=True, help_text="The result for each model: the connection's own and those of particular roles.")


class ConnectionTestInput(serializers.Serializer[Any]):
    """Takes no fields."""


class ModelConnectionRow(RowSerializer):
    has_api_key = serializers.BooleanField()
    role_models = serializers.DictField(child=serializers.CharField())
    last_test = ConnectionTest(allow_null=True)

    class Meta:
        model = ModelConnection
        fields = (
            "id", "name", "kind", "model", "role_models", "base_url", "has_api_key", "price_in", "price_out", "price_cached_in",
            "context_tokens", "max_output_tokens", "edit_format", "native_tools", "requests_per_minute", "tokens_per_minute",
            "fallback_id", "is_default", "last_tested_at", "last_test", "created_at", "updated_at",
        )  # fmt: skip


def _number(least: int, help_text: str) -> dict[str, Any]:
    return {"min_value": least, "max_value": LARGEST, "help_text": help_text}


class ModelConnectionInput(serializers.ModelSerializer[ModelConnection]):
    api_key = serializers.CharField(
        required=False, allow_blank=True, write_only=True, max_length=500, help_text="Stored encrypted, never shown."
    )
    role_models = BoundedDictField(
        child=serializers.CharField(max_length=200),
        required=False,
        help_text="Models of the endpoint for particular roles: team_leader, engineer, tester, reviewer.",
    )
    fallback_id = serializers.UUIDField(required=False, allow_null=True, help_text="The connection used when this one fails.")

    class Meta:
        model = ModelConnection
        fields = (
            "name", "kind", "model", "role_models", "base_url", "api_key", "price_in", "price_out", "price_cached_in",
            "context_tokens", "max_output_tokens", "edit_format", "native_tools", "requests_per_minute", "tokens_per_minute",
            "fallback_id", "is_default",
        )  # fmt: skip
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "price_in": {"min_value": 0, "help_text": "USD per million input tokens; null when unknown, 0 when free."},
            "price_out": {"min_value": 0, "help_text": "USD per million output tokens; null when unknown, 0 when free."},
            "price_cached_in": {
                "min_value": 0,
                "help_text": "USD per million input tokens read from the provider's cache. Null: same as price_in.",
            },
            "context_tokens": _number(1000, "Context window: prompt and answer together. Null if unknown."),
            "max_output_tokens": _number(100, "The longest answer to request. Null: the provider's own limit."),
            "edit_format": {
                "help_text": "The format in which edits are requested. Empty: chosen by what is known about the model."
            },
            "native_tools": {
                "help_text": "Whether the endpoint supports tool calls. Null: detected by the test, otherwise tried."
            },
            "requests_per_minute": _number(1, "Null: no limit of ours."),
            "tokens_per_minute": _number(1, "Null: no limit of ours."),
        }
