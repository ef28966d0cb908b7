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
        allow_null=True,
        help_text="As the account was called then. Null for visitors from a hosting service and for the server: `detail.by`.",
    )
    detail = serializers.DictField()
    changes = serializers.DictField(help_text="What was changed: field → `before` and `after`, without secrets.")
    address = serializers.CharField(help_text="Of the client, behind trusted proxies; empty if no request did it.")
    request_id = serializers.CharField(help_text="The `X-Request-Id` of the answer; empty if no request did it.")
    extra_columns = ("user_id", "username")
    computed = ("user",)

    class Meta:
        model = AuditEntry
        fields = (
            "id",
            "action",
            "object_type",
            "object_id",
            "user",
            "address",
            "request_id",
            "detail",
            "changes",
            "created_at",
        )

    @classmethod
    def shape(cls, row: dict[str, Any]) -> dict[str, Any]:
        user_id, username = row.pop("user_id"), row.pop("username")
        return row | {"user": {"id": user_id, "username": username} if user_id else None}
