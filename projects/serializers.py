"""Serializers of projects."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from mgx_project.common.bounded import BoundedDictField
from mgx_project.common.row_serializers import RowSerializer

from .models import Project
from .validators import author, commit_template, git_ref, known_stack, project_commands, reviewer


class ProjectRow(RowSerializer):
    workspace_id = serializers.UUIDField()
    primary_repository_id = serializers.UUIDField(allow_null=True)
    metadata = serializers.DictField()
    commands = serializers.DictField()
    heavy = ("description", "metadata")
    pr_labels = serializers.ListField(child=serializers.CharField())
    pr_reviewers = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Project
        fields = (
            "id", "workspace_id", "name", "slug", "description", "default_stack", "default_branch", "repo_full_name",
            "primary_repository_id", "run_branch_prefix", "commit_template", "commit_author", "commit_co_author", "pr_draft",
            "pr_labels", "pr_reviewers", "approval_policy", "review_changes", "review_remarks", "program_runs", "always_ask",
            "commands", "metadata", "created_at", "updated_at",
        )  # fmt: skip


class ProjectInput(serializers.ModelSerializer[Project]):
    slug = serializers.SlugField(max_length=60, required=False, help_text="Derived from the name if omitted.")
    default_stack = serializers.CharField(
        max_length=40,
        required=False,
        allow_blank=True,
        validators=[known_stack],
        help_text="An id from /api/stacks, `auto`, or `none`.",
    )
    metadata = BoundedDictField(required=False)
    commands = BoundedDictField(
        required=False,
        validators=[project_commands],
        help_text='Commands used before those that the repository names: `{test: "uv run pytest"}`; kinds are install, test, '
        "test_one, lint, format and build; `parts: {directory: {test: …}}` for sub-directories, and `ecosystems: {node: {test: "
        "…}}` in either for one language of a directory that has several.",
    )
    commit_author = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        validators=[author],
        help_text="`Name <address>`. Empty: the server's author.",
    )
    pr_labels = serializers.ListField(
        child=serializers.CharField(max_length=50), max_length=20, required=False, help_text="Labels for its pull requests."
    )
    pr_reviewers = serializers.ListField(
        child=serializers.CharField(max_length=140, validators=[reviewer]),
        max_length=15,
        required=False,
        help_text="Accounts (or teams, as `org/team`) that are asked to review its pull requests.",
    )

    class Meta:
        model = Project
        fields = (
            "name", "slug", "description", "default_stack", "default_branch", "run_branch_prefix", "commit_template",
            "commit_author", "commit_co_author", "pr_draft", "pr_labels", "pr_reviewers",
            "approval_policy", "review_changes", "review_remarks", "program_runs", "always_ask", "commands", "metadata",
        )  # fmt: skip
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "description": {"max_length": 10_000},
            "default_branch": {"validators": [git_ref]},
            "run_branch_prefix": {"validators": [git_ref]},
            "commit_template": {
                "validators": [commit_template],
                "help_text": "May contain {subject}, {body} and {summary} of the work session, {task_name} and {run_number}. "
                "The default one stands for the style of the repository's own commits.",
            },
            "review_remarks": {
                "help_text": "Which remarks of reviewers without a command are work: `asked` those that ask for something "
                "(about an unclear one its author is asked), `always` all but praise, `commands` none."
            },
            "program_runs": {
                "help_text": "How many runs reviews and comments of other programs may begin on one pull request within 24 "
                "hours. People may begin more."
            },
            "always_ask": {
                "help_text": "Pause with a question where a task contradicts itself or an assumption changes the result, also "
                "for runs that are approved automatically."
            },
        }
