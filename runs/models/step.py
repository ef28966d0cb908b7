"""The journal: every step of a run that was not a pure function of its inputs."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel

from .run import TaskRun


class RunStep(TenantModel):
    """Begun (``finished_at`` NULL) or recorded. ``attempt`` counts the beginnings; ``tree`` is the git tree after it.

    ``number`` is the order in which steps of a run began or were recorded, whatever the workers' clocks say: a trigger gives
    the next one, whoever writes (migration 0015). NULL, and before all others: from before that.
    """

    run = models.ForeignKey(TaskRun, on_delete=models.CASCADE, related_name="steps")
    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    attempt = models.PositiveIntegerField(default=1)
    input_digest = models.CharField(max_length=64)
    result = models.JSONField(null=True)
    tree = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    number = models.BigIntegerField(null=True, editable=False)

    NEWEST_FIRST = (models.F("number").desc(nulls_last=True), "-finished_at", "-started_at")

    class Meta:
        db_table = "run_steps"
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="run_step_once")]

    def __str__(self) -> str:
        return self.key
