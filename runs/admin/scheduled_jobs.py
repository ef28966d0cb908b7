"""Work that comes round, for superusers: when it is due, how long it took and what it did."""

from __future__ import annotations

from django.contrib import admin

from mgx_project.common.admin_menu import MenuEntry
from workspaces.admin.base import ServerAdmin

from ..models import ScheduledJob


@admin.register(ScheduledJob)
class ScheduledJobAdmin(ServerAdmin):
    menu = MenuEntry(order=130)
    list_display = ("name", "due_at", "last_run_at", "last_ms", "last_did")
    ordering = ("due_at",)
