"""The tenant's event log: written with the state it describes, numbered without a gap, never changed."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel


class Event(TenantModel):
    """``position`` counts in the workspace, ``seq`` in the run.

    Run, task, project and repository are plain ids: the log is below the applications that own those rows.
    ``replay_key`` names an event that a replayed run would write again; the unique constraint keeps it single.
    """

    # `event_position_unique` begins with it
    workspace = models.ForeignKey("workspaces.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False)
    position = models.BigIntegerField()
    run_id = models.UUIDField(null=True)
    seq = models.IntegerField(null=True)
    task_id = models.UUIDField(null=True)
    project_id = models.UUIDField(null=True)
    repository_id = models.UUIDField(null=True)
    type = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    message = models.CharField(max_length=500, blank=True)
    replay_key = models.CharField(max_length=250, null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "events"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "position"], name="event_position_unique"),
            models.UniqueConstraint(fields=["run_id", "seq"], name="event_seq_unique"),
            models.UniqueConstraint(fields=["run_id", "replay_key"], name="event_replay_key_unique"),
        ]
        indexes = [
            models.Index(fields=["workspace", "task_id", "position"], name="event_by_task"),
            models.Index(fields=["workspace", "project_id", "position"], name="event_by_project"),
            models.Index(
                fields=["workspace", "repository_id", "position"], name="event_of_repository",
                condition=models.Q(repository_id__isnull=False),
            ),
        ]  # fmt: skip
