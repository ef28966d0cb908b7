"""The run as it is stored. What its states mean is in `run_state`; `runs.lifecycle` changes them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import ExpressionWrapper

from mgx_project.common.errors import InvalidTransition
from mgx_project.common.fields import MomentField
from mgx_project.common.models import TenantModel

from .run_state import CLAIMABLE, IN_INBOX, STATES, RunState, Status


class GitStatus(models.TextChoices):
    NONE = "none"
    BRANCH_CREATED = "branch_created"
    COMMITTED = "committed"
    PUSHED = "pushed"
    PR_OPENED = "pr_opened"
    FAILED = "failed"


PUSHED = frozenset({GitStatus.PUSHED, GitStatus.PR_OPENED})
"""The run's commit is on its branch in the repository."""


class TaskRun(TenantModel):
    """One attempt at a task. ``fence`` grows with every claim; a write that carries an older one changes nothing."""

    task = models.ForeignKey("tasks.Task", on_delete=models.CASCADE, related_name="runs")
    project_id = models.UUIDField()
    parent_run = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="children")
    run_number = models.PositiveIntegerField()
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.QUEUED)
    paused_from = models.CharField(max_length=20, choices=Status.choices, blank=True)
    pause_reason = models.CharField(max_length=20, blank=True)
    auto_approve = models.BooleanField(default=False)
    model = models.CharField(max_length=200, blank=True)
    budget = models.JSONField(default=dict)
    profile = models.BooleanField(default=False)
    created_by = models.ForeignKey("workspaces.User", on_delete=models.SET_NULL, null=True, related_name="+")
    account = models.CharField(max_length=150, blank=True, db_default="", editable=False)
    """The visitor from a hosting service who asked for it, who has no user here (`workspaces.principal`); "": a user did."""
    priority = models.SmallIntegerField(default=0, db_default=0, editable=False)
    """The task's, kept by triggers (migration 0010): so that an index has the order in which runs are claimed."""

    plan = models.JSONField(null=True)
    plan_version = models.PositiveIntegerField(default=0)
    stack = models.CharField(max_length=40, blank=True)
    stack_confidence = models.FloatField(null=True)
    complexity = models.CharField(max_length=20, blank=True)
    prompt_version = models.CharField(max_length=20, blank=True)
    """As a worker that pins nothing has left it: read where ``prompt_set`` is 0, and dropped once no such release is in use."""
    prompt_set = models.PositiveSmallIntegerField(default=0, db_default=0)
    """The version of the prompts that it is made with to its end (``runs.lifecycle.versions``); 0 before the first claim."""
    journal_format = models.PositiveSmallIntegerField(default=0, db_default=0)
    planned_again = models.JSONField(default=dict, db_default={})
    """Where it went on from what was done when a person had it planned again (``runs.lifecycle.plan_again``): number, tree,
    rounds, plan; {}: never."""
    results = models.JSONField(default=dict)
    message = models.JSONField(default=dict, db_default={})
    """What the engineer said of the change (``agent.ports.Outcome``): summary, subject, body, assumptions; {} is nothing."""
    usage = models.JSONField(default=dict)
    error = models.JSONField(null=True)

    base_sha = models.CharField(max_length=64, blank=True)
    base_branch = models.CharField(max_length=200, blank=True)
    branch_name = models.CharField(max_length=200, blank=True)
    commit_sha = models.CharField(max_length=64, blank=True)
    pr_url = models.CharField(max_length=500, blank=True)
    pr_number = models.PositiveIntegerField(null=True)
    repository_id = models.UUIDField(null=True)
    """The repository link that the run was checked out from."""
    revision = models.JSONField(null=True)
    """What this run was asked to do to its parent's pull request (``runs.lifecycle.revisions``); NULL for a run of its own."""
    begun_by_program = models.BooleanField(default=False, db_default=False)
    """Whether a bot of the hosting service asked for it (``runs.webhooks.programs``)."""
    git_status = models.CharField(max_length=20, choices=GitStatus.choices, default=GitStatus.NONE)

    lease_owner = models.CharField(max_length=80, blank=True)
    lease_expires_at = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    """The last claim, by the database's clock: whose turn it is follows from it (``runs.lifecycle.fair_claim``)."""
    worker_deaths = models.PositiveSmallIntegerField(default=0)
    """Consecutive claims that ended without being released, with no step recorded in between."""
    died_at = models.CharField(max_length=60, blank=True)
    """The state of the run at that time (``runs.lifecycle.worker_deaths``)."""
    last_seq = models.IntegerField(default=0)
    cancel_requested_at = models.DateTimeField(null=True)
    cancelled_by = models.CharField(max_length=150, blank=True)

    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    updated_at = MomentField(auto_now=True)
    traceparent = models.CharField(max_length=55, blank=True, db_default="", editable=False)
    """Where its spans belong (https://www.w3.org/TR/trace-context/); "": it is not traced."""

    class Meta:
        db_table = "task_runs"
        constraints = [
            models.UniqueConstraint(fields=["task", "run_number"], name="run_number_unique"),
            models.CheckConstraint(condition=models.Q(status__in=Status.values), name="run_status_known"),
        ]
        indexes = [
            models.Index(fields=["workspace", "created_at", "id"], name="run_list"),
            models.Index(fields=["workspace", "task", "created_at", "id"], name="run_list_by_task"),
            models.Index(
                fields=["workspace", "stack", "-completed_at"], condition=models.Q(status=Status.COMPLETED), name="run_history"
            ),
            models.Index(
                fields=["repository_id", "pr_number"], condition=models.Q(pr_number__isnull=False), name="run_by_pull_request"
            ),
            models.Index(fields=["lease_expires_at"], condition=models.Q(status__in=sorted(CLAIMABLE)), name="run_claimable"),
            models.Index(fields=["workspace", "-claimed_at"], name="run_served"),
            models.Index(
                fields=["id"], condition=models.Q(status=Status.PAUSED, pause_reason="budget"), name="run_lacks_budget"
            ),
            models.Index(
                fields=["updated_at"], condition=models.Q(status=Status.PAUSED, pause_reason="storage"), name="run_lacks_store"
            ),
            models.Index(
                fields=["workspace", "updated_at"],
                # not `in`: its text in the catalogue is another one after a dump was restored
                condition=models.Q(*(("status", status) for status in sorted(IN_INBOX)), _connector=models.Q.OR),
                name="run_inbox",
            ),
            # the order of `runs.lifecycle.fair_claim` within a workspace
            models.Index(
                "workspace",
                ExpressionWrapper(models.Q(status="queued"), output_field=models.BooleanField()),
                models.F("priority").desc(),
                "created_at",
                "id",
                condition=models.Q(status__in=sorted(CLAIMABLE)),
                name="run_turn",
            ),
        ]

    def __str__(self) -> str:
        return f"run #{self.run_number} ({str(self.pk)[:13]})"

    @property
    def state(self) -> RunState:
        return STATES[self.status]

    @property
    def is_final(self) -> bool:
        return self.state.final

    @property
    def continues_branch(self) -> bool:
        """Whether it changes the branch and pull request of its parent; False: it gets its own (`runs.lifecycle.revisions`)."""
        asked = self.revision or {}
        return bool(asked) and not asked.get("new_branch")

    @property
    def is_pushed(self) -> bool:
        return self.git_status in PUSHED

    @property
    def has_branch(self) -> bool:
        """Whether its branch is in the repository, so that another run can go on there."""
        return self.is_pushed or self.continues_branch

    def enter(self, status: Status) -> None:
        """Sets the state if it may follow the present one. Raises InvalidTransition. Does not save."""
        if status not in self.state.successors:
            raise InvalidTransition(f"Run #{self.run_number} is {self.status} and can't become {status}.")
        self.status = status


def lease_owner() -> str:
    """A name that is unique to this claim."""
    return uuid.uuid4().hex
