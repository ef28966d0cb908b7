"""Snapshots and summaries, read only."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers

from mgx_project.common.row_serializers import RowSerializer

from .models import MetricSnapshot


class MetricRow(RowSerializer):
    project_id = serializers.UUIDField(allow_null=True)
    task_id = serializers.UUIDField(allow_null=True)
    run_id = serializers.UUIDField(allow_null=True)
    labels = serializers.DictField()

    class Meta:
        model = MetricSnapshot
        fields = ("id", "name", "metric_type", "value", "unit", "labels", "timestamp", "project_id", "task_id", "run_id")


class Statistics(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    min = serializers.FloatField()
    max = serializers.FloatField()
    avg = serializers.FloatField()
    p50 = serializers.FloatField()
    p95 = serializers.FloatField()
    last = serializers.FloatField()


class StatisticsBucket(Statistics):
    start = serializers.DateTimeField()


class MetricSummary(Statistics):
    buckets = StatisticsBucket(many=True, required=False, help_text="Only with ?bucket=.")


class Summaries(serializers.Serializer[Any]):
    """An object with a summary under each metric's name."""


class SummariesSchema(OpenApiSerializerExtension):
    target_class = Summaries

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": auto_schema.resolve_serializer(MetricSummary, direction).ref}
