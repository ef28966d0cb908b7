"""What runs may call and spend: read by everybody in the workspace, changed by admins."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import BooleanField, Case, Q, QuerySet, When
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from mgx_project.common.constraints import conflicts
from mgx_project.common.errors import BadRequest

from ..api import TenantViewSet
from ..audit import record_audit
from ..models import Budget, ModelConnection, Role
from ..serializers.money import BudgetLimits, BudgetRow, ModelConnectionInput, ModelConnectionRow
from ..signals import project_named


class AdminViewSet(TenantViewSet):
    """Settings of a workspace: admins write, and every write is in the audit log under ``noun``."""

    roles = {"create": Role.ADMIN, "partial_update": Role.ADMIN, "destroy": Role.ADMIN}
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
            self._audit("deleted", row, {})
            row.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

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
    unique = {
        "model_connection_name_unique": ("name", "There is a model connection of this name already."),
        "model_connection_one_default": ("is_default", "Another connection was made the default just now; try again."),
    }

    def get_queryset(self) -> QuerySet[Any]:
        has_key = Case(When(~Q(api_key=""), then=True), default=False, output_field=BooleanField())
        connections: QuerySet[Any] = super().get_queryset().annotate(has_api_key=has_key)
        return connections

    def before_write(self, row: ModelConnection | None, changes: dict[str, Any]) -> None:
        kind = changes.get("kind", row.kind if row else "")
        if kind == ModelConnection.Kind.OPENAI and not changes.get("model", row.model if row else ""):
            raise BadRequest("Name the model that this endpoint serves, for example gpt-5.", field="model")
        if "base_url" in changes:
            _check_address(row, changes)
        if changes.get("is_default"):
            others = ModelConnection.objects.of(self.principal.workspace_id).filter(is_default=True)
            others.exclude(pk=row.pk if row else None).update(is_default=False)


def _check_address(row: ModelConnection | None, changes: dict[str, Any]) -> None:
    parts = urlsplit(changes["base_url"])
    if changes["base_url"] and (parts.scheme not in {"http", "https"} or "@" in parts.netloc):
        raise BadRequest("base_url must be an http or https URL; a credential goes into api_key.", field="base_url")
    if row is not None and row.api_key and changes["base_url"] != row.base_url and "api_key" not in changes:
        raise BadRequest("Give the api_key again: a stored key is sent only to the address it was stored for.", field="api_key")


class BudgetViewSet(AdminViewSet):
    """Caps of the workspace or of one of its projects."""

    model = Budget
    rows = BudgetRow
    serializer_class: type[serializers.BaseSerializer[Any]] | None = BudgetLimits
    noun = "budget"
    unique = {"budget_scope_unique": ("period", "There is a budget for this scope and period already; change that one.")}

    def before_write(self, row: Budget | None, changes: dict[str, Any]) -> None:
        if project_id := changes.get("project_id"):
            project_named.send(sender=Budget, workspace_id=self.principal.workspace_id, project_id=project_id)
        limits = ("max_tokens", "max_cost_usd", "max_calls")
        if all(changes.get(name, getattr(row, name, None)) is None for name in limits):
            raise BadRequest(f"A budget needs at least one of {', '.join(limits)}.", field="max_tokens")
