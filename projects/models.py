"""A project: defaults for its tasks, and the repositories linked to it."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models

from mgx_project.common.fields import MomentField
from mgx_project.common.models import TenantModel

PROGRAM_RUNS = 3
MAX_PROGRAM_RUNS = 100
DEFAULT_COMMIT_TEMPLATE = "MGX Task: {task_name} - Run #{run_number}"
"""Stands for the repository's own style; the text itself is for changes of which nobody has said anything."""


class Project(TenantModel):
    class ApprovalPolicy(models.TextChoices):
        """Who approves plans and changes."""

        ADMINS = "admins"
        DEVELOPERS = "developers"

    class CoAuthor(models.TextChoices):
        """Who is named as co-author of a run's commits."""

        NONE = "none"
        REQUESTER = "requester"

    class ReviewRemarks(models.TextChoices):
        """Which remarks of reviewers without a command are work."""

        ASKED = "asked"
        """Those that ask for something; about an unclear one its author is asked."""
        ALWAYS = "always"
        """All but praise."""
        COMMANDS = "commands"
        """None: a remark takes `/mgx continue`."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60)
    description = models.TextField(blank=True)
    default_stack = models.CharField(max_length=40, blank=True)
    default_branch = models.CharField(max_length=200, blank=True)
    repo_full_name = models.CharField(max_length=300, blank=True)
    primary_repository_id = models.UUIDField(null=True, blank=True)
    run_branch_prefix = models.CharField(max_length=60, default="mgx")
    commit_template = models.CharField(max_length=200, default=DEFAULT_COMMIT_TEMPLATE)
    commit_author = models.CharField(max_length=200, blank=True)
    """`Name <address>`; if empty, the server's (``MGX_GIT_AUTHOR_NAME`` and ``_EMAIL``)."""
    commit_co_author = models.CharField(max_length=20, choices=CoAuthor.choices, default=CoAuthor.NONE)
    pr_draft = models.BooleanField(default=True)
    """Whether pull requests are opened as drafts; untested or conflicting changes always are."""
    pr_labels = models.JSONField(default=list, blank=True)
    pr_reviewers = models.JSONField(default=list, blank=True)
    """Account names, or teams as `org/team`."""
    approval_policy = models.CharField(max_length=20, choices=ApprovalPolicy.choices, default=ApprovalPolicy.ADMINS)
    review_changes = models.BooleanField(default=False)
    """Whether a run waits for decisions about its files before it delivers."""
    review_remarks = models.CharField(
        max_length=20, choices=ReviewRemarks.choices, default=ReviewRemarks.ASKED, db_default=ReviewRemarks.ASKED
    )
    program_runs = models.PositiveSmallIntegerField(
        default=PROGRAM_RUNS, db_default=PROGRAM_RUNS, validators=[MaxValueValidator(MAX_PROGRAM_RUNS)]
    )
    """How many runs the reviews and comments of other programs may begin on one pull request within a day."""
    always_ask = models.BooleanField(default=False, db_default=False)
    """Whether a run pauses with a question where its task contradicts itself or an assumption changes the result, also where
    nobody was to be asked (``auto_approve``)."""
    commands = models.JSONField(default=dict, blank=True)
    """Commands that the project's runs use before those that its files name: {kind: line, parts: {directory: {kind: line}}}."""
    metadata = models.JSONField(default=dict, blank=True)
    updated_at = MomentField(auto_now=True)

    class Meta:
        db_table = "projects"
        constraints = [models.UniqueConstraint(fields=["workspace", "slug"], name="project_slug_unique")]
        indexes = [models.Index(fields=["workspace", "created_at", "id"], name="project_list")]

    def __str__(self) -> str:
        return self.slug
