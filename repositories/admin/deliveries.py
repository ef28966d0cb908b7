"""Webhook deliveries for operators: who did what, and the outcome. Payloads are never shown as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Case, F, QuerySet, TextField, When
from django.db.models.fields.json import KT, KeyTextTransform
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from mgx_project.common.admin_menu import MenuEntry, MenuGroup
from workspaces.admin.base import TenantAdmin
from workspaces.admin.confirm import ask
from workspaces.admin.filters import WorkspaceFilter
from workspaces.admin.operators import operator

from ..hosting.provider import PayloadPaths
from ..hosting.registry import PROVIDERS
from ..models import RepositoryLink, WebhookDelivery
from ..webhooks.redelivery import try_again

NEWEST = 20
LABELS = {"waiting": "info", "trying again": "warning", "failed": "danger", "done": "success"}


def state_of(row: WebhookDelivery) -> str:
    if row.processed_at is not None:
        return "failed" if row.error else "done"
    return "trying again" if row.error else "waiting"


def with_words(rows: QuerySet[WebhookDelivery]) -> QuerySet[WebhookDelivery]:
    """Reads the few fields of a payload that people look for, without loading the rest of it."""
    return rows.defer("payload").annotate(
        actor=_word(lambda paths: [paths.actor]), did=_word(lambda paths: [paths.action]),
        title=_word(lambda paths: [paths.title]), number=_word(lambda paths: paths.numbers),
    )  # fmt: skip


def _word(paths_of: Callable[[PayloadPaths], Sequence[str]]) -> Case:
    """The first of a provider's paths that leads to something."""
    cases = [
        When(link__provider=provider.name, then=_first([KT(f"payload__{path}") for path in paths_of(provider.payload_paths)]))
        for provider in PROVIDERS.values()
    ]
    return Case(*cases, default=None, output_field=TextField())


def _first(found: Sequence[KeyTextTransform]) -> KeyTextTransform | Coalesce:
    return found[0] if len(found) == 1 else Coalesce(*found)


def event_of(row: Any) -> str:
    return f"{row.event} {row.did}" if row.did else str(row.event)


def about(row: Any) -> str:
    return " ".join(part for part in (f"#{row.number}" if row.number else "", row.title or "") if part) or "-"


def newest_deliveries(link: RepositoryLink) -> SafeString:
    """One query."""
    found: list[Any] = list(
        with_words(WebhookDelivery.objects.for_workspace(link.workspace_id).filter(link=link)).order_by("-created_at")[:NEWEST]
    )
    if not found:
        return format_html("{}", "No deliveries yet.")
    body = format_html_join(
        "",
        '<tr class="border-b border-base-100 dark:border-base-800"><td class="px-3 py-1 whitespace-nowrap">'
        '<a class="underline" href="{}">{}</a></td><td class="px-3 py-1">{}</td><td class="px-3 py-1">{}</td>'
        '<td class="px-3 py-1">{}</td><td class="px-3 py-1 whitespace-nowrap">{}</td><td class="px-3 py-1">{}</td></tr>',
        (
            (
                reverse("admin:repositories_webhookdelivery_change", args=[row.pk]),
                f"{row.created_at:%Y-%m-%d %H:%M:%S}", event_of(row), row.actor or "-", about(row), state_of(row), row.error,
            )
            for row in found
        ),
    )  # fmt: skip
    head = format_html_join(
        "", '<th scope="col" class="px-3 py-1 text-left">{}</th>',
        ((title,) for title in ("When (UTC)", "Event", "By", "About", "State", "Error")),
    )  # fmt: skip
    return format_html(
        '<div class="overflow-x-auto" style="max-width:calc(100vw - 4rem)" tabindex="0">'
        '<table class="w-full text-xs"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>',
        head,
        body,
    )


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(name, name) for name in LABELS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in LABELS:
            return queryset
        open_ = self.value() in ("waiting", "trying again")
        rows = queryset.filter(processed_at__isnull=open_)
        return rows.filter(error="") if self.value() in ("waiting", "done") else rows.exclude(error="")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(TenantAdmin):
    menu = MenuEntry(MenuGroup.WORK, order=50)
    list_display: Any = ("created_at", "link", "what", "by", "concerns", "state", "attempts", "workspace")
    list_filter = (WorkspaceFilter, StateFilter, "event")
    list_select_related = ("workspace", "link")
    search_fields = ("delivery_id", "event", "link__repo_full_name")
    actions_detail: ClassVar[Any] = ("again",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (
            "now", "error", "attempts", "next_try_at", "processed_at", "what", "by", "concerns", "link", "workspace",
            "delivery_id", "created_at",
        )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return with_words(super().get_queryset(request).select_related("workspace", "link"))

    @display(description="state", label=LABELS, ordering=F("processed_at").asc(nulls_first=True))
    def state(self, row: WebhookDelivery) -> tuple[str, str]:
        return state_of(row), state_of(row)

    @admin.display(description="state")
    def now(self, row: WebhookDelivery) -> str:
        return state_of(row)

    @admin.display(description="event", ordering="event")
    def what(self, row: WebhookDelivery) -> str:
        return event_of(row)

    @admin.display(description="by")
    def by(self, row: Any) -> str:
        return row.actor or "-"

    @admin.display(description="about")
    def concerns(self, row: Any) -> str:
        return about(row)

    def has_again_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        row = self.get_object(request, str(object_id)) if object_id else None
        return row is not None and state_of(row) != "done"

    @action(description="Try again", icon="replay", variant=ActionVariant.PRIMARY, permissions=["again"])
    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404

        def act() -> str:
            try_again(principal=operator(request, row.workspace_id), delivery_id=row.pk)
            return "The delivery will be processed now."

        return ask(
            self, request, act, verb="Retry", question=f"Retry {event_of(row)} of {row.link}?",
            explanation="Effects that it already had are not repeated.",
            back=reverse("admin:repositories_webhookdelivery_change", args=[row.pk]),
        )  # fmt: skip
