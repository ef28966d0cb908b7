"""API tokens."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from mgx_project.common import clock
from mgx_project.common.row_serializers import RowSerializer

from ..models import ApiToken, Role


class ApiTokenRow(RowSerializer):
    user_id = serializers.UUIDField()
    username = serializers.CharField(source="user.username")

    class Meta:
        model = ApiToken
        fields = (
            "id", "name", "prefix", "role", "user_id", "username", "created_at", "expires_at", "revoked_at", "last_used_at",
        )  # fmt: skip


class ApiTokenInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    role = serializers.ChoiceField(
        choices=Role.choices, required=False, help_text="At most your own role, which is the default."
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)

    def validate_expires_at(self, value: Any) -> Any:
        if value is not None and value <= clock.now():
            raise serializers.ValidationError("expires_at must be in the future.")
        return value


class NewApiToken(ApiTokenRow):
    token = serializers.CharField(help_text="The secret, shown only once.")

    class Meta(ApiTokenRow.Meta):
        fields = (*ApiTokenRow.Meta.fields, "token")  # type: ignore[assignment]
