"""Model connections and budgets: every member of the workspace may read them, admins may change them."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.db.models import BooleanField, Case, Q, QuerySet, When
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mgx_project.common.constraints import conflicts

from ..audit import record_audit
from ..meters import with_use
from ..model_connections import (
    BUDGET_CONFLICTS,
    CONNECTION_CONFLICTS,
    check_budget,
    check_connection,
    require_own,
    test_connection,
)
from ..models import Budget, ModelConnection, Role
from ..serializers.model_connections import (
    BudgetLimits,
    BudgetRow,
    ConnectionTest,
    ConnectionTestInput,
    ModelConnectionInput,
    ModelConnectionRow,
)
from ..viewsets import TenantViewSet


class AdminViewSet(TenantViewSet):
    """Settings of a workspace: admins write, and every write is in the audit log under ``noun``."""

    roles = {"create": Role.ADMIN, "partial_update": Role.ADMIN, "destroy": Role.ADMIN, "test": Role.ADMIN}
    noun: str

    def create(self, request: Request) -> Response:
        def respond() -> Response:
            body = self.validated()
            self.before_write(None, body)
            with conflicts(self.unique):
                row = self.model.objects.create(workspace_id=self.principal.workspace_id, **body)  # type: ignore[attr-defined]
            self._audit("created", row, body)
            return self.answer_row(row.pk, http_status=status.HTTP_201_CREATED)

        return self.once(respond)

    def partial_update(self, request: Request, pk: str) -> Response:
        return self.patch_row(pk)

    def destroy(self, request: Request, pk: str) -> Response:
        with transaction.atomic():
            row = self.locked(pk)
            self.before_delete(row)
            self._audit("deleted", row, {})
            row.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    def before_delete(self, row: Any) -> None:
        """Hook: may refuse, in the transaction that deletes."""

    def after_patch(self, row: Any, changes: dict[str, Any]) -> None:
        self._audit("changed", row, changes)

    def _audit(self, verb: str, row: Any, changes: dict[str, Any]) -> None:
        record_audit(
            principal=self.principal,
            action=f"{self.noun}.{verb}",
            object_type=self.noun,
            object_id=row.pk,
            detail={"fields": sorted(changes)},
        )


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
        """Makes a small real call to each model of the connection, which takes 15 s at most, and stores the result.

        A tool is offered: `native_tools` is set by the answer where it was null. The call is in no budget. An endpoint that
        does not work is an answer, too: `ok` is false then, and `hint` says what to do.
        """
        self.validated(ConnectionTestInput)
        self.read_row(pk)
        return Response(test_connection(principal=self.principal, connection_id=uuid.UUID(pk)))


class BudgetViewSet(AdminViewSet):
    """Budgets of the workspace or of one of its projects."""

    model = Budget
    rows = BudgetRow
    serializer_class: type[serializers.BaseSerializer[Any]] | None = BudgetLimits
    noun = "budget"

    def get_queryset(self) -> QuerySet[Any]:
        return with_use(super().get_queryset())

    unique = BUDGET_CONFLICTS

    def before_write(self, row: Budget | None, changes: dict[str, Any]) -> None:
        if row is not None:
            require_own(row, self.principal.user)
        check_budget(self.principal.workspace_id, row, changes)

    def before_delete(self, row: Budget) -> None:
        require_own(row, self.principal.user)
