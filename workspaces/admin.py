"""Tenants, people, money and the log, for operators."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.forms import ModelForm
from django.http import HttpRequest
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from . import admin_money as admin_money  # registers its own
from . import admin_people as admin_people  # registers its own
from .admin_limits import WorkspaceForm
from .admin_scope import TenantAdmin, WorkspaceFilter, sees_all
from .models import (
    AuditEntry,
    Event,
    FormerSpending,
    IdempotencyRecord,
    LedgerEntry,
    Membership,
    Meter,
    StoredBytes,
    User,
    Workspace,
    WsTicket,
)
from .services import create_workspace

# Refresh tokens are secrets, and rights come from roles in workspaces instead of groups.
for foreign in (OutstandingToken, BlacklistedToken, Group):
    if admin.site.is_registered(foreign):
        admin.site.unregister(foreign)


@admin.register(User)
class UserAdmin(BaseUserAdmin, ModelAdmin):
    """Accounts belong to no tenant: superusers only."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Times", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    has_view_permission = has_change_permission = lambda self, request, obj=None: self.has_module_permission(request)
    has_add_permission = has_module_permission

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what a person did stays theirs; take `is_active` away instead


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


@admin.register(WsTicket)
class WsTicketAdmin(TenantAdmin):
    list_display = ("id", "workspace", "user", "expires_at")
    list_select_related = ("workspace", "user")


@admin.register(LedgerEntry)
class LedgerEntryAdmin(TenantAdmin):
    list_display = (
        "created_at",
        "workspace",
        "run_id",
        "step_key",
        "model",
        "tokens_in",
        "tokens_out",
        "cost_usd",
        "settled_at",
    )
    search_fields = ("=run_id", "step_key", "model")


@admin.register(Meter)
class MeterAdmin(TenantAdmin):
    list_display = ("workspace", "scope", "scope_id", "period", "calls", "cached_calls", "cost_usd", "work_ms")
    list_filter = (WorkspaceFilter, "scope", "period")
    search_fields = ("=scope_id",)


@admin.register(StoredBytes)
class StoredBytesAdmin(TenantAdmin):
    list_display = ("workspace", "size")


@admin.register(FormerSpending)
class FormerSpendingAdmin(ModelAdmin):
    """Of workspaces that are gone: no tenant's any more, and nobody's to change."""

    list_display = ("period", "tokens", "cost_usd")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return sees_all(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return sees_all(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(TenantAdmin):
    list_display = ("created_at", "workspace", "user", "action", "object_type", "object_id")
    list_filter = (WorkspaceFilter, "object_type")
    list_select_related = ("workspace", "user")
    search_fields = ("action", "=object_id", "user__username")


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(TenantAdmin):
    list_display = ("created_at", "workspace", "principal", "route", "status")
    search_fields = ("route", "=key")


@admin.register(Event)
class EventAdmin(TenantAdmin):
    list_display = ("created_at", "workspace", "position", "type", "run_id", "seq", "message")
    list_filter = (WorkspaceFilter, "type")
    search_fields = ("=run_id", "=task_id", "type", "message")
