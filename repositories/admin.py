"""Repository links and what hosting services delivered, for operators. No credential is ever shown."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from workspaces.admin_scope import TenantAdmin, WorkspaceFilter

from .models import RepositoryLink, WebhookDelivery


@admin.register(RepositoryLink)
class RepositoryLinkAdmin(TenantAdmin):
    list_display = (
        "repo_full_name",
        "project",
        "workspace",
        "provider",
        "is_primary",
        "status",
        "has_credential",
        "last_validated_at",
    )
    list_filter = (WorkspaceFilter, "status", "provider")
    list_select_related = ("workspace", "project")
    search_fields = ("repo_full_name", "clone_url")

    @admin.display(boolean=True, description="credential")
    def has_credential(self, row: RepositoryLink) -> bool:
        return bool(row.credential)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(TenantAdmin):
    list_display: Any = ("created_at", "workspace", "link", "event", "delivery_id", "processed_at")
    list_filter = (WorkspaceFilter, "event")
    list_select_related = ("workspace", "link")
    search_fields = ("delivery_id", "event")
