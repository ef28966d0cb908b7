"""What belongs to a run, row by row, for operators: its steps, decisions, messages, rounds of changes and artifacts."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.text import Truncator
from unfold.decorators import action
from unfold.enums import ActionVariant

from mgx_project.common.admin_menu import MenuEntry, MenuGroup
from workspaces.admin.base import TenantAdmin
from workspaces.admin.confirm import ask
from workspaces.admin.filters import WorkspaceFilter
from workspaces.admin.operators import operator

from ..models import Approval, Artifact, ChangeRound, OutgoingComment, ProcessedWebhook, RunStep, SteerMessage
from ..models.outgoing_comment import GIVEN_UP
from ..notifications.post_again import post_again


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


class GivenUpFilter(admin.SimpleListFilter):
    title = "given up"
    parameter_name = "given_up"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("yes", "yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(GIVEN_UP) if self.value() == "yes" else queryset


@admin.register(OutgoingComment)
class OutgoingCommentAdmin(TenantAdmin):
    list_display = (
        "created_at", "workspace", "key", "number", "short_text", "given_up", "due_at", "sent_at", "attempts", "link_id",
    )  # fmt: skip
    list_filter = (WorkspaceFilter, GivenUpFilter, "form")
    search_fields = ("=link_id", "key", "=number")
    actions_detail: ClassVar[Any] = ("again",)

    @admin.display(description="text")
    def short_text(self, row: OutgoingComment) -> str:
        return Truncator(row.text).chars(100) or "-"

    @admin.display(description="given up", boolean=True)
    def given_up(self, row: OutgoingComment) -> bool:
        return row.given_up

    def has_again_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = self.get_object(request, str(object_id)) if object_id else None
        return row is not None and row.given_up

    @action(description="Post again", icon="replay", variant=ActionVariant.PRIMARY, permissions=["again"])
    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404

        def act() -> str:
            post_again(principal=operator(request, row.workspace_id), comment_id=row.pk)
            return "The comment will be posted now."

        return ask(
            self, request, act, verb="Post", question=f"Post the comment {row.key} again?",
            explanation="If the service has it already, it is not posted twice.",
            back=reverse("admin:runs_outgoingcomment_change", args=[row.pk]),
        )  # fmt: skip


@admin.register(Artifact)
class ArtifactAdmin(TenantAdmin):
    menu = MenuEntry(MenuGroup.RECORDS, order=40)
    list_display = ("name", "kind", "size", "run_id", "workspace", "created_at")
    list_filter = (WorkspaceFilter, "kind")
    search_fields = ("name", "=run__id", "=sha256")
