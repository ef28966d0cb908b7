"""Workspaces, users, spending and logs, for operators."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from ..models import (
    AuditEntry,
    Departure,
    Event,
    FormerSpending,
    IdempotencyRecord,
    LedgerEntry,
    Membership,
    Meter,
    SignIn,
    SignInCount,
    StoredBytes,
    User,
    Workspace,
    WsTicket,
)
from ..services import create_workspace
from ..sign_in_guard import unlock
from .base import TenantAdmin, WorkspaceFilter, sees_all
from .confirm import ask
from .limits import WorkspaceForm

# Rights come from roles in workspaces instead of groups.
if admin.site.is_registered(Group):
    admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(BaseUserAdmin, ModelAdmin):
    """User accounts are shared by all tenants, so only superusers see them."""

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
    actions_detail: ClassVar[Any] = ("unlock",)

    @action(description="Unlock", icon="lock_open", permissions=["unlock"])
    def unlock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Unlocks an account after too many wrong passwords, so that its owner need not wait."""
        user = self.get_object(request, object_id)
        if user is None:
            raise Http404
        back = reverse("admin:workspaces_user_change", args=[user.pk])

        def act() -> str:
            found = unlock(user.get_username())
            self.log_change(request, user, "Unlocked.")
            return f"{user} may sign in again." if found else f"There are no failed attempts to sign in as {user}."

        return ask(
            self, request, act, verb="Unlock", question=f"Unlock the account {user}?",
            explanation="This clears the failed attempts to sign in, from every address.", back=back,
        )  # fmt: skip

    def has_unlock_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_module_permission(request)

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


class ServerAdmin(ModelAdmin):
    """Rows of the whole server: shown to superusers, read-only."""

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


@admin.register(FormerSpending)
class FormerSpendingAdmin(ServerAdmin):
    """Spending of deleted workspaces."""

    list_display = ("period", "tokens", "cost_usd")


@admin.register(SignIn)
class SignInAdmin(ServerAdmin):
    """Sign-ins with JWTs."""

    list_display = ("user", "created_at", "expires_at", "ended_at")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    exclude = ("refresh_jti",)


@admin.register(SignInCount)
class SignInCountAdmin(ServerAdmin):
    """Account names are stored as digests here; unlock an account on its own page."""

    list_display = ("key", "failures", "locked_until", "since")


@admin.register(Departure)
class DepartureAdmin(TenantAdmin):
    list_display = ("user", "workspace", "at")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("workspace", "user")


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
