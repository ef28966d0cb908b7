"""The event log, for operators."""

from __future__ import annotations

from django.contrib import admin

from mgx_project.common.admin_menu import MenuEntry, MenuGroup

from ..models import Event
from .base import TenantAdmin
from .filters import WorkspaceFilter


@admin.register(Event)
class EventAdmin(TenantAdmin):
    menu = MenuEntry(MenuGroup.RECORDS, order=20)
    list_display = ("created_at", "workspace", "position", "type", "run_id", "seq", "message")
    list_filter = (WorkspaceFilter, "type")
    search_fields = ("=run_id", "=task_id", "type", "message")
