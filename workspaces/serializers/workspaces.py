"""Workspaces and their limits."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from mgx_project.common.bounded import BoundedDictField
from mgx_project.common.row_serializers import RowSerializer

from ..limits import limits_of
from ..models import Role, Workspace


class WorkspaceLimits(serializers.Serializer[Any]):
    """The effective limits, set for the workspace or by default; null: no limit."""

    running_runs = serializers.IntegerField(allow_null=True, help_text="Runs executed by workers at the same time.")
    queued_runs = serializers.IntegerField(allow_null=True, help_text="Runs waiting for their first worker.")
    projects = serializers.IntegerField(allow_null=True)
    members = serializers.IntegerField(allow_null=True)
    storage_bytes = serializers.IntegerField(allow_null=True, help_text="Total size of the artifacts of its runs.")
    requests_per_minute = serializers.IntegerField(allow_null=True)


class WorkspaceRow(RowSerializer):
    role = serializers.ChoiceField(choices=Role.choices, help_text="The caller's role in this workspace.")
    metadata = serializers.DictField()
    limits = WorkspaceLimits()

    class Meta:
        model = Workspace
        fields = ("id", "name", "slug", "role", "metadata", "limits", "created_at", "updated_at")

    @classmethod
    def shape(cls, row: dict[str, Any]) -> dict[str, Any]:
        row["limits"] = limits_of(row["limits"])
        return row


class WorkspaceInput(serializers.ModelSerializer[Workspace]):
    metadata = BoundedDictField(required=False)

    class Meta:
        model = Workspace
        fields = ("name", "slug", "metadata")


class WorkspaceChanges(WorkspaceInput):
    limits = BoundedDictField(
        required=False, help_text="Only for operators: the limits of this workspace. Null: the server's default. 0: no limit."
    )

    class Meta(WorkspaceInput.Meta):
        fields = ("name", "slug", "metadata", "limits")  # type: ignore[assignment]
