"""Projects, for operators."""

from __future__ import annotations

from django.contrib import admin

from workspaces.admin.base import TenantAdmin, WorkspaceFilter

from .models import Project


@admin.register(Project)
class ProjectAdmin(TenantAdmin):
    editable = ("name", "description", "approval_policy", "review_changes")
    list_display = ("name", "slug", "workspace", "repo_full_name", "default_stack", "approval_policy", "created_at")
    list_filter = (WorkspaceFilter, "approval_policy", "review_changes")
    search_fields = ("name", "slug", "repo_full_name")
