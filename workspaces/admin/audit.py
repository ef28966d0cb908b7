"""The audit log, and the answers that were already given, for operators."""

from __future__ import annotations

from django.contrib import admin

from mgx_project.common.admin_menu import MenuEntry, MenuGroup

from ..models import AuditEntry, IdempotencyRecord
from .base import TenantAdmin
from .filters import WorkspaceFilter


@admin.register(AuditEntry)
class AuditEntryAdmin(TenantAdmin):
    menu = MenuEntry(MenuGroup.RECORDS, order=10)
    list_display = ("created_at", "workspace", "user", "action", "object_type", "object_id")
    list_filter = (WorkspaceFilter, "object_type")
    list_select_related = ("workspace", "user")
    search_fields = ("action", "=object_id", "user__username")


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(TenantAdmin):
    list_display = ("created_at", "workspace", "principal", "route", "status")
    search_fields = ("route", "=key")
