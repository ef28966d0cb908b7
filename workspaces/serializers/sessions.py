"""The caller of a request, and their workspaces."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from ..models import Role


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
    server_model = serializers.CharField(help_text="The server's own model (MGX_MODEL), for workspaces that may use it.")
    token = TokenBrief(allow_null=True, help_text="The API token of the request; null for a person who signed in.")
