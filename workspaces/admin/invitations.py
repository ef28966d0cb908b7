"""Invitations for operators, by the rules of the API. The secret is shown once."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db import transaction
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from unfold.decorators import action
from unfold.enums import ActionVariant

from mgx_project.common.admin_menu import MenuEntry, MenuGroup

from ..invitations import find_invitation, invite, revoke_invitation
from ..models import Invitation, Role
from .confirm import ask
from .filters import WorkspaceFilter
from .operators import operated, operator, sees_all
from .secret_base import SecretAdmin


class InvitationForm(ModelForm):
    class Meta:
        model = Invitation
        fields: ClassVar[list[str]] = []
        help_texts: ClassVar[dict[str, str]] = {
            "email": "Only the account with this address may accept it. Empty: anyone with the secret. Valid for 7 days.",
        }


@admin.register(Invitation)
class InvitationAdmin(SecretAdmin):
    """Owners invite; admins see the invitations."""

    menu = MenuEntry(MenuGroup.PEOPLE, order=30)
    form = InvitationForm
    secret_title = "Invitation"
    list_display = ("workspace", "role", "email", "created_by", "expires_at", "accepted_by", "accepted_at", "revoked_at")
    list_filter = (WorkspaceFilter, "role")
    list_select_related = ("workspace", "created_by", "accepted_by")
    search_fields = ("email", "accepted_by__username")
    actions_detail: ClassVar[Any] = ("withdraw",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return sees_all(request) or bool(operated(request, Role.OWNER))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fields(request, obj) if obj else ("workspace", "role", "email")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_readonly_fields(request, obj) if obj else ()

    def save_model(self, request: HttpRequest, obj: Invitation, form: ModelForm[Any], change: bool) -> None:
        made, secret = invite(principal=operator(request, obj.workspace_id), role=Role(obj.role), email=obj.email)
        obj.pk = made.pk
        self.keep_secret(request, secret)

    def has_open_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = self.get_object(request, str(object_id)) if object_id else None
        if row is None or row.accepted_at or row.revoked_at:
            return False
        return sees_all(request) or row.workspace_id in operated(request, Role.OWNER)

    @action(description="Withdraw", icon="block", variant=ActionVariant.DANGER, permissions=["open"])
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404

        def act() -> str:
            principal = operator(request, row.workspace_id)
            with transaction.atomic():
                revoke_invitation(principal=principal, invitation=find_invitation(principal=principal, invitation_id=row.pk))
            return "The invitation is withdrawn."

        return ask(
            self, request, act, verb="Withdraw", question="Withdraw this invitation?", variant="danger",
            explanation="Nobody can accept it any more.", back=self.page_of(row),
        )  # fmt: skip
