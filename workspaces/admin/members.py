"""Members, invitations and API tokens for operators, by the rules of the API. Secrets are shown once."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget

from mgx_project.common.errors import BadRequest

from ..audit import record_audit
from ..invitations import find_invitation, invite, revoke_invitation
from ..models import ApiToken, Invitation, Membership, Role
from ..services import add_member, change_member, remove_member
from ..tokens import create_api_token, revoke_api_token
from .base import TenantAdmin, WorkspaceFilter, operated, operator, sees_all
from .confirm import ask, show_once


class MemberForm(ModelForm):
    account = forms.CharField(
        max_length=254,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="The username or e-mail address of an existing account.",
    )

    class Meta:
        model = Membership
        fields: ClassVar[list[str]] = []


class InvitationForm(ModelForm):
    class Meta:
        model = Invitation
        fields: ClassVar[list[str]] = []
        help_texts: ClassVar[dict[str, str]] = {
            "email": "Only the account with this address may accept it. Empty: anyone with the secret. Valid for 7 days.",
        }


@admin.register(Membership)
class MembershipAdmin(TenantAdmin):
    """Owners change roles and remove members. Superusers alone, who make the accounts, add one by its name: an owner who could
    would see whose accounts exist, and pull them in without their consent. Owners invite.
    """

    role = Role.OWNER
    editable = ("role",)
    list_display = ("user", "workspace", "role", "created_at")
    list_filter = (WorkspaceFilter, "role")
    list_select_related = ("workspace", "user")
    search_fields = ("user__username", "user__email")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return sees_all(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change=change, **(kwargs if obj else {**kwargs, "form": MemberForm}))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fields(request, obj) if obj else ("workspace", "account", "role")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_readonly_fields(request, obj) if obj else ()

    def save_model(self, request: HttpRequest, obj: Membership, form: ModelForm[Any], change: bool) -> None:
        principal = operator(request, obj.workspace_id)
        principal.require(Role.OWNER)
        if change:
            change_member(principal=principal, user_id=obj.user_id, role=Role(obj.role))
        else:
            made = add_member(principal=principal, user=form.cleaned_data["account"].strip(), role=Role(obj.role))
            obj.pk, obj.user = made.pk, made.user

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        remove_member(principal=operator(request, obj.workspace_id), user_id=obj.user_id)


class SecretAdmin(TenantAdmin):
    """Rows created with a secret, which is shown only on the page that answers the form."""

    secret_title: ClassVar[str]

    def keep_secret(self, request: HttpRequest, secret: str) -> None:
        """For the length of the request alone."""
        request._mgx_secret = secret  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return show_once(
            self, request, [(self.secret_title, str(request._mgx_secret))],  # type: ignore[attr-defined]
            title=str(obj), explanation="Keep it now: it is shown this once, and only its hash is stored.",
            back=self.page_of(obj),
        )  # fmt: skip

    def page_of(self, obj: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[obj.pk])


@admin.register(Invitation)
class InvitationAdmin(SecretAdmin):
    """Owners invite; admins see the invitations."""

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


@admin.register(ApiToken)
class ApiTokenAdmin(SecretAdmin):
    """A new token acts for the operator who creates it, with at most their role."""

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
