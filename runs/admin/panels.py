"""What the run page shows besides plain fields: the plan, the newest events and the diff. Everything is escaped and bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from mgx_project.common.errors import NotFound
from mgx_project.common.money import usd
from workspaces.models import Event

from ..artifacts import load
from ..models import Artifact, TaskRun
from ..reports.timing import timing_of
from .live import log_of

EVENTS_SHOWN = 100
STEPS_SHOWN = 15
TIMELINE = ("No.", "UTC", "Event", "What happened")
MAX_LOG = 100_000
MAX_DIFF = 1_000_000
"""Bytes. A larger diff is not loaded; the page names the command that shows it."""

_LINE_COLOURS = {"+": "#15803d", "-": "#b91c1c", "@": "#6d28d9"}
_BOX = "rounded-default border border-base-200 text-xs overflow-auto max-h-[40rem] dark:border-base-700"


def plan_page(plan: dict[str, Any] | None) -> SafeString:
    if not plan:
        return format_html("{}", "No plan yet.")
    steps = format_html_join(
        "",
        '<li class="mb-2"><b>{}</b> <span class="opacity-70">({})</span> <code class="break-all">{}</code>'
        '<div class="opacity-70">{}</div></li>',
        (
            (step.get("title", ""), step.get("kind", ""), ", ".join(step.get("files", [])), step.get("why", ""))
            for step in plan.get("steps", [])
        ),
    )
    return format_html(
        '<p class="mb-3 whitespace-pre-wrap">{}</p><ol class="pl-6 mb-3" style="list-style:decimal">{}</ol>{}'
        "{}<p><b>Tests:</b> {}</p><p><b>Estimate:</b> {}</p>",
        plan.get("summary", ""),
        steps,
        _list("Risks", plan.get("risks", [])),
        _list("Open questions", plan.get("questions", [])),
        plan.get("test_strategy") or "-",
        _estimated(plan.get("estimate") or {}),
    )


def _list(title: str, texts: list[str]) -> SafeString:
    if not texts:
        return format_html("{}", "")
    items = format_html_join("", "<li>{}</li>", ((text,) for text in texts))
    return format_html('<p><b>{}</b></p><ul class="pl-6 mb-3" style="list-style:disc">{}</ul>', title, items)


def _estimated(estimate: dict[str, Any]) -> str:
    tokens, cost, seconds = (estimate.get(name) for name in ("tokens", "cost_usd", "seconds"))
    parts = (
        f"{tokens:,} tokens" if tokens else "",
        usd(cost) if cost else "cost unknown" if tokens else "",
        f"about {seconds} s" if seconds else "",
    )
    basis = estimate.get("basis")
    return (", ".join(filter(None, parts)) or "-") + (f" ({basis})" if basis else "")


def timing_page(run: TaskRun) -> SafeString:
    """Where the run's time went: in total, per phase, and the longest steps. Two queries."""
    found = timing_of(run)
    longest = sorted(found["steps"], key=lambda step: -float(step["wall_seconds"]))[:STEPS_SHOWN]
    rows = [
        ("Whole run", found),
        *((f"Phase: {phase['phase']}", phase) for phase in found["phases"]),
        *((step["key"], step) for step in longest),
    ]
    kinds = ("wall", "model", "sandbox", "own")
    number = '<td class="px-3 py-1 text-right whitespace-nowrap">{}</td>'
    line = '<tr class="border-b border-base-100 dark:border-base-800"><td class="px-3 py-1 w-full"><code>{}</code></td>'
    body = format_html_join(
        "", f"{line}{number * 4}</tr>", ((name, *(_seconds(row[f"{kind}_seconds"]) for kind in kinds)) for name, row in rows)
    )
    head = format_html_join(
        "", '<th class="px-3 py-1 text-right">{}</th>', ((name,) for name in ("Wall", "Model", "Sandbox", "Own"))
    )
    return format_html(
        '<div class="{}"><table class="w-full"><thead><tr><th></th>{}</tr></thead><tbody>{}</tbody></table></div>'
        '<p class="mt-2 opacity-70">Waited {} (for a worker, a person or a pause). {}</p>',
        _BOX,
        head,
        body,
        _seconds(found["waiting_seconds"]),
        _hidden(len(found["steps"]) - len(longest)),
    )


def _hidden(steps: int) -> str:
    return f"{steps} shorter steps are not shown." if steps > 0 else ""


def _seconds(seconds: float) -> str:
    return "-" if seconds < 0.0005 else f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"


def timeline(run: TaskRun) -> SafeString:
    """The latest events, oldest first. One query."""
    rows = Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk).order_by("-seq")
    found = list(rows.values_list("seq", "created_at", "type", "message")[:EVENTS_SHOWN])
    body = format_html_join(
        "",
        '<tr class="border-b border-base-100 dark:border-base-800"><td class="px-3 py-1 text-right opacity-60">{}</td>'
        '<td class="px-3 py-1 whitespace-nowrap opacity-60">{}</td><td class="px-3 py-1 whitespace-nowrap"><code>{}</code></td>'
        '<td class="px-3 py-1 w-full">{}</td></tr>',
        ((seq, f"{at:%H:%M:%S}", kind, message) for seq, at, kind, message in reversed(found)),
    )
    head = format_html_join("", '<th scope="col" class="px-3 py-1 text-left">{}</th>', ((name,) for name in TIMELINE))
    return format_html(
        '<div class="{}" role="log" aria-live="polite" aria-label="Timeline" tabindex="0" '
        'style="max-width:calc(100vw - 4rem)"><table class="w-full">'
        '<thead><tr>{}</tr></thead><tbody id="live-events">{}</tbody></table></div>',
        _BOX,
        head,
        body,
    )


def log_page(run: TaskRun) -> SafeString:
    """The latest output of models and commands."""
    return format_html(
        '<pre id="live-log" class="{} p-3" style="white-space:pre-wrap;overflow-wrap:anywhere;min-height:3rem" tabindex="0" '
        'role="log" aria-live="off" aria-label="Log">{}</pre>',
        _BOX,
        log_of(run)[-MAX_LOG:],
    )


def diff_page(run: TaskRun) -> SafeString:
    artifact = (
        Artifact.objects.for_workspace(run.workspace_id)
        .filter(run=run, kind=Artifact.Kind.DIFF)
        .order_by("-created_at")
        .first()
    )
    if artifact is None:
        return format_html("{}", "No diff yet.")
    if artifact.size > MAX_DIFF:
        return format_html("The diff has {} bytes. Show it with <code>mgx diff {}</code>.", f"{artifact.size:,}", run.pk)
    try:
        text = load(artifact).decode(errors="replace")
    except NotFound as error:
        return format_html("{}", error.detail)
    return coloured_diff(text)


def coloured_diff(text: str) -> SafeString:
    return coloured_lines(text.splitlines())


def coloured_lines(shown: Sequence[str]) -> SafeString:
    lines = format_html_join(
        "\n", '<span style="color:{}">{}</span>', ((_LINE_COLOURS.get(line[:1], "inherit"), line) for line in shown)
    )
    return format_html('<pre class="{} p-3">{}</pre>', _BOX, lines)
