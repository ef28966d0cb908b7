"""A project in and out."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from mgx_project.common.rows import RowSerializer

from .models import Project
from .validators import commit_template, git_ref, known_stack


class ProjectRow(RowSerializer):
    workspace_id = serializers.UUIDField()
    primary_repository_id = serializers.UUIDField(allow_null=True)
    metadata = serializers.DictField()

    class Meta:
        model = Project
        fields = (
            "id", "workspace_id", "name", "slug", "description", "default_stack", "default_branch", "repo_full_name",
            "primary_repository_id", "run_branch_prefix", "commit_template", "approval_policy", "review_changes", "metadata",
            "created_at", "updated_at",
        )  # fmt: skip


class ProjectInput(serializers.ModelSerializer[Project]):
    slug = serializers.SlugField(max_length=60, required=False, help_text="Made of the name when left out.")
    default_stack = serializers.CharField(
        max_length=40, required=False, allow_blank=True, validators=[known_stack], help_text="An id of /api/stacks."
    )
    metadata = serializers.DictField(required=False)

    class Meta:
        model = Project
        fields = (
            "name", "slug", "description", "default_stack", "default_branch", "run_branch_prefix", "commit_template",
            "approval_policy", "review_changes", "metadata",
        )  # fmt: skip
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "default_branch": {"validators": [git_ref]},
            "run_branch_prefix": {"validators": [git_ref]},
            "commit_template": {"validators": [commit_template]},
        }
