"""A task: what a user wants done, in their own words. Runs are the attempts at it."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from mgx_project.common.fields import MomentField
from mgx_project.common.models import TenantModel


class Task(TenantModel):
    """``status`` and the run fields are written by `runs`, in the transaction that changes the run."""

    class Status(models.TextChoices):
        PENDING = "pending"
        RUNNING = "running"
        WAITING = "waiting"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class OutputMode(models.TextChoices):
        GENERATE_NEW = "generate_new"
        PATCH_EXISTING = "patch_existing"

    class ProjectType(models.TextChoices):
        API = "api"
        WEBAPP = "webapp"
        FULLSTACK = "fullstack"
        DEVOPS = "devops"

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="tasks")
    repository_id = models.UUIDField(null=True, blank=True)
    name = models.CharField(max_length=200)
    description = models.TextField()
    stack = models.CharField(max_length=40, blank=True)
    project_type = models.CharField(max_length=20, choices=ProjectType.choices, blank=True)
    output_mode = models.CharField(max_length=20, choices=OutputMode.choices, default=OutputMode.GENERATE_NEW)
    constraints = models.JSONField(default=list, blank=True)
    strict_requirements = models.BooleanField(default=False)
    max_rounds = models.PositiveSmallIntegerField(default=5, validators=[MinValueValidator(1), MaxValueValidator(100)])
    max_revision_rounds = models.PositiveSmallIntegerField(default=2, validators=[MaxValueValidator(50)])
    priority = models.SmallIntegerField(default=0)
    config = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=40, default="api")
    issue_number = models.PositiveIntegerField(null=True, blank=True)
    issue_url = models.CharField(max_length=500, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    """When its pull request was merged or closed. After that, runs no longer change ``status``."""
    created_by = models.ForeignKey("workspaces.User", on_delete=models.SET_NULL, null=True, related_name="+")
    updated_at = MomentField(auto_now=True)

    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PENDING)
    runs_total = models.PositiveIntegerField(default=0)
    runs_succeeded = models.PositiveIntegerField(default=0)
    runs_failed = models.PositiveIntegerField(default=0)
    last_run_at = models.DateTimeField(null=True)
    last_run_status = models.CharField(max_length=20, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        db_table = "tasks"
        constraints = [
            models.UniqueConstraint(
                fields=["repository_id", "issue_number"],
                condition=models.Q(issue_number__isnull=False),
                name="task_once_per_issue",
            ),
            models.CheckConstraint(condition=models.Q(max_rounds__range=(1, 100)), name="task_rounds_bounded"),
            models.CheckConstraint(condition=models.Q(max_revision_rounds__range=(0, 50)), name="task_revisions_bounded"),
        ]
        indexes = [
            models.Index(fields=["workspace", "created_at", "id"], name="task_list"),
            models.Index(fields=["workspace", "project", "created_at", "id"], name="task_list_by_project"),
        ]

    def __str__(self) -> str:
        return self.name
