"""What the run page shows besides plain fields: the plan, the newest events and the diff. Everything is escaped and bounded."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from mgx_project.common.errors import NotFound
from workspaces.admin_scope import block
from workspaces.models import Event

from .artifacts import load
from .models import Artifact, TaskRun

EVENTS_SHOWN = 100
MAX_DIFF = 1_000_000
"""Bytes: a larger diff is named, not loaded."""

_LINE_COLOURS = {"+": "#15803d", "-": "#b91c1c", "@": "#6d28d9"}
_BOX = "rounded-default border border-base-200 text-xs overflow-auto max-h-[40rem] dark:border-base-700"


def plan_page(plan: dict[str, Any] | None) -> SafeString:
    if not plan:
        return format_html("{}", "No plan yet.")
    steps = format_html_join(
        "",
        '<li class="mb-1"><b>{}</b> <span class="opacity-70">({})</span> <code>{}</code></li>',
        ((step.get("title", ""), step.get("kind", ""), ", ".join(step.get("files", []))) for step in plan.get("steps", [])),
    )
    risks = format_html_join("", "<li>{}</li>", ((risk,) for risk in plan.get("risks", [])))
    return format_html(
        '<p class="mb-3 whitespace-pre-wrap">{}</p><ol class="pl-6 mb-3" style="list-style:decimal">{}</ol>{}'
        "<p><b>Tests:</b> {}</p>",
        plan.get("summary", ""),
        steps,
        format_html('<p><b>Risks</b></p><ul class="pl-6 mb-3" style="list-style:disc">{}</ul>', risks) if risks else "",
        plan.get("test_strategy") or "-",
    )


def timeline(run: TaskRun) -> SafeString:
    """The newest events, oldest of them first. One query."""
    rows = Event.objects.of(run.workspace_id).filter(run_id=run.pk).order_by("-seq")
    found = list(rows.values_list("seq", "created_at", "type", "message")[:EVENTS_SHOWN])
    if not found:
        return format_html("{}", "Nothing has happened yet.")
    body = format_html_join(
        "",
        '<tr class="border-b border-base-100 dark:border-base-800"><td class="px-3 py-1 text-right opacity-60">{}</td>'
        '<td class="px-3 py-1 whitespace-nowrap opacity-60">{}</td><td class="px-3 py-1 whitespace-nowrap"><code>{}</code></td>'
        '<td class="px-3 py-1 w-full">{}</td></tr>',
        ((seq, f"{at:%H:%M:%S}", kind, message) for seq, at, kind, message in reversed(found)),
    )
    return format_html('<div class="{}"><table class="w-full">{}</table></div>', _BOX, body)


def diff_page(run: TaskRun) -> SafeString:
    artifact = Artifact.objects.of(run.workspace_id).filter(run=run, kind=Artifact.Kind.DIFF).order_by("-created_at").first()
    if artifact is None:
        return format_html("{}", "No diff yet.")
    if artifact.size > MAX_DIFF:
        return format_html("The diff has {} bytes: read it with <code>mgx diff {}</code>.", f"{artifact.size:,}", run.pk)
    try:
        text = load(artifact).decode(errors="replace")
    except NotFound as error:
        return block(error.detail)
    return coloured_diff(text)


def coloured_diff(text: str) -> SafeString:
    lines = format_html_join(
        "\n", '<span style="color:{}">{}</span>', ((_LINE_COLOURS.get(line[:1], "inherit"), line) for line in text.splitlines())
    )
    return format_html('<pre class="{} p-3">{}</pre>', _BOX, lines)
