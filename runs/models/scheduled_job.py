"""When work that comes round is due next, for all processes together."""

from __future__ import annotations

from django.db import models


class ScheduledJob(models.Model):
    """One row for each job of `runs.scheduler`; whoever moves ``due_at`` on does it. Times are the database's."""

    name = models.CharField(primary_key=True, max_length=60)
    due_at = models.DateTimeField()
    last_run_at = models.DateTimeField(null=True)
    last_ms = models.PositiveIntegerField(null=True)
    last_did = models.JSONField(default=dict)
    """What it did, in numbers; {"error": …} where it failed."""

    class Meta:
        db_table = "scheduled_jobs"

    def __str__(self) -> str:
        return self.name
