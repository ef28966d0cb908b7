"""Workspaces, for operators."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from unfold.admin import TabularInline

from mgx_project.common.admin_menu import MenuEntry, MenuGroup

from ..models import Membership, User, Workspace
from ..services import create_workspace
from .base import TenantAdmin
from .workspace_form import WorkspaceForm


class MemberInline(TabularInline):
    model = Membership
    fields = readonly_fields = ("user", "role", "created_at")
    extra = 0
    can_delete = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user")


@admin.register(Workspace)
class WorkspaceAdmin(TenantAdmin):
    menu = MenuEntry(MenuGroup.PEOPLE, order=10)
    tenant = "pk"
    form = WorkspaceForm
    editable = ("name", "slug", "metadata", "limits", "server_model")
    list_display = ("slug", "name", "event_position", "created_at")
    list_filter = ()
    list_select_related = False
    search_fields = ("slug", "name")
    inlines = (MemberInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fields(request, obj) if obj else ("name", "slug")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: Workspace, form: ModelForm[Any], change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        assert isinstance(request.user, User)
        obj.pk = create_workspace(owner=request.user, name=obj.name, slug=obj.slug).pk
