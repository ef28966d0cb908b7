"""Members of workspaces, for operators, by the rules of the API."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from mgx_project.common.admin_menu import MenuEntry, MenuGroup

from ..members import add_member, change_member, remove_member
from ..models import Departure, Membership, Role
from .base import TenantAdmin
from .filters import WorkspaceFilter
from .operators import operator, sees_all


class MemberForm(ModelForm):
    account = forms.CharField(
        max_length=254,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="The username or e-mail address of an existing account.",
    )

    class Meta:
        model = Membership
        fields: ClassVar[list[str]] = []


@admin.register(Membership)
class MembershipAdmin(TenantAdmin):
    """Owners change roles and remove members. Superusers alone, who make the accounts, add one by its name: an owner who could
    would see whose accounts exist, and pull them in without their consent. Owners invite.
    """

    menu = MenuEntry(MenuGroup.PEOPLE, order=20)
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


@admin.register(Departure)
class DepartureAdmin(TenantAdmin):
    list_display = ("user", "workspace", "at")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("workspace", "user")
