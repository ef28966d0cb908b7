"""Measured values, for operators."""

from __future__ import annotations

from django.contrib import admin

from mgx_project.common.admin_menu import MenuEntry, MenuGroup
from workspaces.admin.base import TenantAdmin
from workspaces.admin.filters import WorkspaceFilter

from .models import MetricSnapshot


@admin.register(MetricSnapshot)
class MetricSnapshotAdmin(TenantAdmin):
    menu = MenuEntry(MenuGroup.MODELS_AND_MONEY, order=50)
    list_display = ("timestamp", "workspace", "name", "metric_type", "value", "unit", "run_id")
    list_filter = (WorkspaceFilter, "metric_type", "name")
    search_fields = ("name", "=run_id", "=task_id")
    ordering = ("-timestamp",)
