"""The audit log, and the answers that were already given, for operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from mgx_project.common.admin_menu import MenuEntry, MenuGroup

from ..models import AuditEntry, IdempotencyRecord
from .base import TenantAdmin
from .filters import WorkspaceFilter


@admin.register(AuditEntry)
class AuditEntryAdmin(TenantAdmin):
    menu = MenuEntry(MenuGroup.RECORDS, order=10)
    list_display = ("created_at", "workspace_slug", "username", "address", "action", "object_type", "object_id")
    list_filter = (WorkspaceFilter, "object_type")
    list_select_related = False
    search_fields = ("action", "=object_id", "username", "workspace_slug", "=request_id")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        """The names that the entry keeps: the rows of its workspace and user may be gone."""
        return [field.attname for field in self.model._meta.fields]


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(TenantAdmin):
    list_display = ("created_at", "workspace", "principal", "route", "status")
    search_fields = ("route", "=key")
