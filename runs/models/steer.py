"""Messages from people to a run."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel

from .run import TaskRun


class SteerMessage(TenantModel):
    """``number`` counts a run's messages from 1. ``step_key`` names the journal step that was told of it first ("": none yet),
    so that a replayed step is told the same again; ``plan/2`` is the whole second plan. ``answers`` is the team's question."""

    run = models.ForeignKey(TaskRun, on_delete=models.CASCADE, related_name="steer_messages")
    number = models.PositiveIntegerField()
    text = models.TextField()
    answers = models.TextField(blank=True)
    by = models.CharField(max_length=150)
    step_key = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "steer_messages"
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="steer_message_once")]

    def __str__(self) -> str:
        return f"{self.by}: {self.text[:60]}"
