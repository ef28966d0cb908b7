"""Snapshots and summaries, read only."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from mgx_project.common.rows import RowSerializer

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
    buckets = StatisticsBucket(many=True, required=False, help_text="With ?bucket= only.")
