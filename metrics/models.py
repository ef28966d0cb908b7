"""A snapshot is one measured value of a run, a task or the workspace; summaries are computed from snapshots."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel


class MetricSnapshot(TenantModel):
    class Type(models.TextChoices):
        COUNTER = "counter"
        GAUGE = "gauge"
        HISTOGRAM = "histogram"
        TIMER = "timer"

    project_id = models.UUIDField(null=True)
    task_id = models.UUIDField(null=True)
    run_id = models.UUIDField(null=True)
    name = models.CharField(max_length=100)
    metric_type = models.CharField(max_length=20, choices=Type.choices)
    value = models.FloatField()
    unit = models.CharField(max_length=20, blank=True)
    labels = models.JSONField(default=dict)
    timestamp = models.DateTimeField()

    class Meta:
        db_table = "metric_snapshots"
        constraints = [models.UniqueConstraint(fields=["run_id", "name"], name="metric_once_per_run")]
        indexes = [
            models.Index(fields=["workspace", "timestamp", "id"], name="metric_list"),
            models.Index(fields=["workspace", "task_id", "name"], name="metric_by_task"),
            models.Index(fields=["workspace", "name", "timestamp"], name="metric_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name}={self.value}"
