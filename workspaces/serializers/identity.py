"""Workspaces, their members and the person who asks."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from mgx_project.common.bounded import BoundedDictField
from mgx_project.common.row_serializers import RowSerializer

from ..limits import limits_of
from ..models import Membership, Role, Workspace


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


class MemberRow(RowSerializer):
    user_id = serializers.UUIDField()
    username = serializers.CharField(source="user.username")
    email = serializers.CharField(help_text="Empty if the caller may not see it.")

    class Meta:
        model = Membership
        fields = ("user_id", "username", "email", "role", "created_at")


class MemberChanges(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Role.choices)


class WorkspaceBrief(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)


class TokenBrief(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    expires_at = serializers.DateTimeField(allow_null=True)


class Me(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    username = serializers.CharField()
    email = serializers.CharField()
    is_staff = serializers.BooleanField()
    workspaces = WorkspaceBrief(many=True)
    token = TokenBrief(allow_null=True, help_text="The API token of the request; null for a person who signed in.")


class UsageTotals(serializers.Serializer[Any]):
    tokens_in = serializers.IntegerField()
    tokens_out = serializers.IntegerField()
    reserved_tokens = serializers.IntegerField(help_text="Tokens reserved for calls that are not settled yet.")
    calls = serializers.IntegerField()
    cached_calls = serializers.IntegerField(help_text="Answered from the workspace's own cache, at no cost.")
    unpriced_calls = serializers.IntegerField(help_text="Settled calls whose price is unknown; their cost is not included.")
    runs = serializers.IntegerField(help_text="Runs that called a model in this period.")
    cost_usd = serializers.DecimalField(max_digits=None, decimal_places=6)


class UsageBucket(UsageTotals):
    start = serializers.DateTimeField()


class WorkspaceUsage(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    totals = UsageTotals()
    buckets = UsageBucket(many=True)
