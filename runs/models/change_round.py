"""Decisions of people about a finished change, in rounds."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel

from .run import TaskRun


class ChangeRound(TenantModel):
    """Open while ``decided_at`` is NULL. ``tree`` is the git tree decided on ("" for a round without files); its files and
    hunks are the artifact `changes-{number}.json`. ``decisions`` holds {path: {hunk number, or "*" for the whole file:
    {accepted, comment}}}, ``rejected`` what the team is given of them ([{path, hunk or None, comment}]), ``comment`` is about
    the change as a whole."""

    run = models.ForeignKey(TaskRun, on_delete=models.CASCADE, related_name="change_rounds")
    number = models.PositiveIntegerField()
    tree = models.CharField(max_length=64, blank=True)
    decisions = models.JSONField(default=dict)
    rejected = models.JSONField(default=list)
    comment = models.TextField(blank=True)
    decided_by = models.ForeignKey("workspaces.User", on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "change_rounds"
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="change_round_once")]

    def __str__(self) -> str:
        return f"round {self.number}"
