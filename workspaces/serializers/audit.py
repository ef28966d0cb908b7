"""The audit log, read only."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from mgx_project.common.row_serializers import RowSerializer

from ..models import AuditEntry


class Actor(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    username = serializers.CharField()


class AuditRow(RowSerializer):
    user = Actor(
        allow_null=True, help_text="Null if the account was deleted, and for visitors from a hosting service: `detail.by`."
    )
    detail = serializers.DictField()
    extra_columns = ("user_id", "user__username")
    computed = ("user",)

    class Meta:
        model = AuditEntry
        fields = ("id", "action", "object_type", "object_id", "user", "detail", "created_at")

    @classmethod
    def shape(cls, row: dict[str, Any]) -> dict[str, Any]:
        user_id, username = row.pop("user_id"), row.pop("user__username")
        return row | {"user": {"id": user_id, "username": username} if user_id else None}
