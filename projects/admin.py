"""Projects, for operators."""

from __future__ import annotations

from django.contrib import admin

from mgx_project.common.admin_menu import MenuEntry, MenuGroup
from workspaces.admin.base import TenantAdmin
from workspaces.admin.filters import WorkspaceFilter

from .models import Project


@admin.register(Project)
class ProjectAdmin(TenantAdmin):
    menu = MenuEntry(MenuGroup.WORK, order=30)
    editable = ("name", "description", "approval_policy", "review_changes", "review_remarks", "program_runs", "always_ask")
    list_display = ("name", "slug", "workspace", "repo_full_name", "default_stack", "approval_policy", "created_at")
    list_filter = (WorkspaceFilter, "approval_policy", "review_changes", "always_ask")
    search_fields = ("name", "slug", "repo_full_name")
