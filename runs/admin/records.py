"""What belongs to a run, row by row, for operators: its steps, decisions, messages, rounds of changes and artifacts."""

from __future__ import annotations

from django.contrib import admin
from django.utils.text import Truncator

from mgx_project.common.admin_menu import MenuEntry, MenuGroup
from workspaces.admin.base import TenantAdmin
from workspaces.admin.filters import WorkspaceFilter

from ..models import Approval, Artifact, ChangeRound, OutgoingComment, ProcessedWebhook, RunStep, SteerMessage


@admin.register(RunStep)
class RunStepAdmin(TenantAdmin):
    list_display = ("key", "kind", "attempt", "run_id", "workspace", "started_at", "finished_at")
    list_filter = (WorkspaceFilter, "kind")
    search_fields = ("=run__id", "key")
    ordering = ("-started_at",)


@admin.register(Approval)
class ApprovalAdmin(TenantAdmin):
    menu = MenuEntry(MenuGroup.RECORDS, order=30)
    list_display = ("created_at", "workspace", "run_id", "plan_version", "approved", "decided_by", "automatic")
    list_filter = (WorkspaceFilter, "approved", "automatic")
    list_select_related = ("workspace", "decided_by")
    search_fields = ("=run__id", "feedback")


@admin.register(SteerMessage)
class SteerMessageAdmin(TenantAdmin):
    list_display = ("created_at", "workspace", "run_id", "number", "by", "step_key")
    list_filter = (WorkspaceFilter,)
    search_fields = ("=run__id", "text")


@admin.register(ChangeRound)
class ChangeRoundAdmin(TenantAdmin):
    list_display = ("created_at", "workspace", "run_id", "number", "decided_by", "decided_at")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("workspace", "decided_by")
    search_fields = ("=run__id",)


@admin.register(ProcessedWebhook)
class ProcessedWebhookAdmin(TenantAdmin):
    """Processed causes on a hosting service: comments, reviews, checks of commits."""

    list_display = ("created_at", "workspace", "key", "link_id")
    list_filter = (WorkspaceFilter,)
    search_fields = ("=link_id", "key")


@admin.register(OutgoingComment)
class OutgoingCommentAdmin(TenantAdmin):
    list_display = ("created_at", "workspace", "key", "number", "short_text", "due_at", "sent_at", "attempts", "link_id")
    list_filter = (WorkspaceFilter, "form")
    search_fields = ("=link_id", "key", "=number")

    @admin.display(description="text")
    def short_text(self, row: OutgoingComment) -> str:
        return Truncator(row.text).chars(100) or "-"


@admin.register(Artifact)
class ArtifactAdmin(TenantAdmin):
    menu = MenuEntry(MenuGroup.RECORDS, order=40)
    list_display = ("name", "kind", "size", "run_id", "workspace", "created_at")
    list_filter = (WorkspaceFilter, "kind")
    search_fields = ("name", "=run__id", "=sha256")
