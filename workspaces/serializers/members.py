"""Members of a workspace."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from mgx_project.common.row_serializers import RowSerializer

from ..models import Membership, Role


class MemberRow(RowSerializer):
    user_id = serializers.UUIDField()
    username = serializers.CharField(source="user.username")
    email = serializers.CharField(help_text="Empty if the caller may not see it.")

    class Meta:
        model = Membership
        fields = ("user_id", "username", "email", "role", "created_at")


class MemberChanges(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Role.choices)
