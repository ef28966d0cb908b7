"""A person's decision about a plan."""

from __future__ import annotations

from django.db import models

from mgx_project.common.models import TenantModel

from .run import TaskRun


class Approval(TenantModel):
    run = models.ForeignKey(TaskRun, on_delete=models.CASCADE, related_name="approvals")
    plan_version = models.PositiveIntegerField()
    approved = models.BooleanField()
    feedback = models.TextField(blank=True)
    plan = models.JSONField()
    decided_by = models.ForeignKey("workspaces.User", on_delete=models.SET_NULL, null=True, related_name="+")
    automatic = models.BooleanField(default=False)

    class Meta:
        db_table = "approvals"
        constraints = [models.UniqueConstraint(fields=["run", "plan_version"], name="approval_once_per_plan")]
