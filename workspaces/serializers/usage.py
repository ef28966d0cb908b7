"""Usage of a workspace."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class UsageTotals(serializers.Serializer[Any]):
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()
    reserved_tokens = serializers.IntegerField(help_text="Tokens reserved for calls that are not settled yet.")
    calls = serializers.IntegerField()
    cached_calls = serializers.IntegerField(help_text="Answered from the workspace's own cache, at no cost.")
    unpriced_calls = serializers.IntegerField(help_text="Settled calls whose price is unknown; their cost is not included.")
    runs = serializers.IntegerField(help_text="Runs that called a model in this period.")
    cost_usd = serializers.DecimalField(max_digits=None, decimal_places=6)


class UsageBucket(UsageTotals):
    start = serializers.DateTimeField()


class WorkspaceUsage(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    totals = UsageTotals()
    buckets = UsageBucket(many=True)
