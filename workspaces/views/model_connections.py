"""Model connections: every member of the workspace may read them, admins may change them."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import BooleanField, Case, Q, QuerySet, When
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ..model_connections import CONNECTION_CONFLICTS, check_connection, test_connection
from ..models import ModelConnection
from ..serializers.model_connections import ConnectionTest, ConnectionTestInput, ModelConnectionInput, ModelConnectionRow
from .setting_base import AdminViewSet


class ModelConnectionViewSet(AdminViewSet):
    """Model endpoints of this workspace. The API key is stored encrypted and never shown."""

    model = ModelConnection
    rows = ModelConnectionRow
    serializer_class: type[serializers.BaseSerializer[Any]] | None = ModelConnectionInput
    noun = "model"
    unique = CONNECTION_CONFLICTS

    def get_queryset(self) -> QuerySet[Any]:
        has_key = Case(When(~Q(api_key=""), then=True), default=False, output_field=BooleanField())
        connections: QuerySet[Any] = super().get_queryset().annotate(has_api_key=has_key)
        return connections

    def before_write(self, row: ModelConnection | None, changes: dict[str, Any]) -> None:
        check_connection(self.principal.workspace_id, row, changes)

    @extend_schema(request=None, responses=ConnectionTest)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Makes a few small real calls to each model of the connection, which take 15 s at most, and stores the result.

        They are those of a run: instructions, a tool whose result goes back (`native_tools` is set by the answer where it was
        null), and to an endpoint with an address of its own a prompt of 10,000 tokens, for some servers cut prompts without
        saying so: `hint` then names the window. The calls are in no budget. An endpoint that does not work is an answer, too:
        `ok` is false then, and `hint` says what to do.
        """
        self.validated(ConnectionTestInput)
        self.read_row(pk)
        return Response(test_connection(principal=self.principal, connection_id=uuid.UUID(pk)))
