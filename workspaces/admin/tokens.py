"""API tokens for operators, by the rules of the API, and tickets of WebSockets. A secret is shown once."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db import transaction
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from unfold.decorators import action
from unfold.enums import ActionVariant

from mgx_project.common.admin_menu import MenuEntry, MenuGroup
from mgx_project.common.errors import BadRequest

from ..audit import record_audit
from ..models import ApiToken, Membership, Role, WsTicket
from ..tokens import create_api_token, revoke_api_token
from .base import TenantAdmin
from .confirm import ask
from .filters import WorkspaceFilter
from .operators import operator
from .secret_base import SecretAdmin


@admin.register(ApiToken)
class ApiTokenAdmin(SecretAdmin):
    """A new token acts for the operator who creates it, with at most their role."""

    menu = MenuEntry(MenuGroup.PEOPLE, order=50)
    secret_title = "Token"
    list_display = ("name", "prefix", "workspace", "user", "role", "expires_at", "revoked_at", "last_used_at")
    list_filter = (WorkspaceFilter, "role")
    list_select_related = ("workspace", "user")
    search_fields = ("name", "prefix", "user__username")
    actions_detail: ClassVar[Any] = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fields(request, obj) if obj else ("workspace", "name", "role", "expires_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_readonly_fields(request, obj) if obj else ()

    def save_model(self, request: HttpRequest, obj: ApiToken, form: ModelForm[Any], change: bool) -> None:
        principal = operator(request, obj.workspace_id)
        principal.require(Role(obj.role))
        if not Membership.objects.filter(workspace_id=obj.workspace_id, user=principal.user).exists():
            raise BadRequest("A token acts for a member: add yourself to the workspace first.", code="no_member")
        made, secret = create_api_token(
            workspace_id=obj.workspace_id, user=principal.user, name=obj.name, role=Role(obj.role), expires_at=obj.expires_at
        )
        record_audit(
            principal=principal, action="token.created", object_type="token", object_id=made.pk,
            detail={"name": made.name, "role": made.role, "admin": True},
        )  # fmt: skip
        obj.pk = made.pk
        self.keep_secret(request, secret)

    def has_valid_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = self.get_object(request, str(object_id)) if object_id else None
        return row is not None and row.revoked_at is None

    @action(description="Revoke", icon="block", variant=ActionVariant.DANGER, permissions=["valid"])
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404

        def act() -> str:
            with transaction.atomic():
                token = ApiToken.objects.for_workspace(row.workspace_id).select_for_update().get(pk=row.pk)
                if token.revoked_at is None:
                    revoke_api_token(token)
                    record_audit(
                        principal=operator(request, row.workspace_id), action="token.revoked", object_type="token",
                        object_id=token.pk, detail={"name": token.name, "admin": True},
                    )  # fmt: skip
            return f"The token {row.name} was revoked."

        return ask(
            self, request, act, verb="Revoke", question=f"Revoke the token {row.name}?", variant="danger",
            explanation="Requests with it will be refused and its open WebSockets closed.",
            back=self.page_of(row),
        )  # fmt: skip


@admin.register(WsTicket)
class WsTicketAdmin(TenantAdmin):
    list_display = ("id", "workspace", "user", "expires_at")
    list_select_related = ("workspace", "user")
