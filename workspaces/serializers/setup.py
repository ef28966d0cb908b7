"""The first administrator of a server."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from mgx_project.common.ids import refuse_id_like

from ..models import User, Workspace
from .sessions import WorkspaceBrief


class SetupInput(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=200, help_text="The setup token that the server printed.")
    username = serializers.CharField(max_length=150, validators=[User.username_validator])
    password = serializers.CharField(max_length=1000, trim_whitespace=False, write_only=True)
    email = serializers.EmailField(max_length=254, required=False, default="", allow_blank=True)
    workspace_name = serializers.CharField(max_length=Workspace._meta.get_field("name").max_length)
    workspace_slug = serializers.SlugField(max_length=Workspace._meta.get_field("slug").max_length, validators=[refuse_id_like])


class SetupAnswer(serializers.Serializer[Any]):
    username = serializers.CharField()
    workspace = WorkspaceBrief()
