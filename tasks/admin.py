"""Tasks, for operators."""

from __future__ import annotations

from django.contrib import admin

from mgx_project.common.admin_menu import MenuEntry, MenuGroup
from workspaces.admin.base import TenantAdmin
from workspaces.admin.filters import WorkspaceFilter

from .models import Task


@admin.register(Task)
class TaskAdmin(TenantAdmin):
    menu = MenuEntry(MenuGroup.WORK, order=20)
    editable = ("name", "description", "priority")
    list_display = (
        "name",
        "project",
        "workspace",
        "status",
        "stack",
        "runs_total",
        "runs_succeeded",
        "last_run_at",
        "created_at",
    )
    list_filter = (WorkspaceFilter, "status", "output_mode", "stack")
    list_select_related = ("workspace", "project")
    search_fields = ("name", "description", "=id")
