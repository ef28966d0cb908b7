"""The live part of the run page: state, what to do next, available decisions, new events.

The page contains all of it when loaded; ``live.js`` updates it over the run's socket, or polls this view if the operator
may not listen (a superuser who is not a member).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from unfold.enums import ActionVariant

from workspaces.models import Event

from ..models import TaskRun
from ..models.run_state import RunAction, RunOutcome
from .proof import verdict_line

SHOWN = 200
"""The most events in one answer."""
SPOKEN = ("model_output", "command_finished")
"""Events whose text is shown in the log instead of the timeline."""


def next_step(run: TaskRun) -> str:
    """What a person should do now, or what the run is doing."""
    state, error = run.state, run.error or {}
    said = f"{error.get('detail', '')} {error.get('hint', '')}".strip()
    if RunAction.RESUME in state.actions:
        if run.pause_reason == "question":
            return f"The team asks: {said or 'see the timeline'} Resume the run with your answer."
        why = f"{run.get_status_display()} ({run.pause_reason or 'no reason given'})."
        return " ".join(filter(None, [why, said, state.next]))
    if state.outcome is RunOutcome.FAILED:
        return f"{said or 'The run failed.'} {state.next}"
    if state.outcome is RunOutcome.SUCCEEDED:
        return _where_it_is(run)
    return state.next


def _where_it_is(run: TaskRun) -> str:
    if refused := run.results.get("pull_request_error"):
        return str(refused)
    if run.pr_url:
        return "Review the pull request."
    return f"Review the branch {run.branch_name}." if run.branch_name else "Done. Nothing was committed."


def state_of(run: TaskRun, actions: Sequence[Any], used: str) -> dict[str, Any]:
    """Everything is plain text: the page never interprets it as markup."""
    results: Mapping[str, Any] = run.results or {}
    facts = [
        ("Branch", run.branch_name, ""),
        ("Commit", run.commit_sha, ""),
        ("Pull request", run.pr_url, run.pr_url if run.pr_url.startswith(("https://", "http://")) else ""),
        ("Base", "The base branch moved; the change was merged onto its new head." if results.get("rebased") else "", ""),
        ("Proof", verdict_line(run), ""),
        ("Conflict", _files(results.get("conflict")), ""),
        ("Model", " ".join(map(str, results.get("warnings") or ())), ""),
        ("Usage", "" if used == "-" else used, ""),
    ]
    return {
        "status": run.status,
        "label": run.get_status_display(),
        "tone": run.state.tone,
        "next": next_step(run),
        "final": run.is_final,
        "last_seq": run.last_seq,
        "facts": [{"name": name, "text": text, "url": url} for name, text, url in facts if text],
        "actions": [
            {
                "title": entry.description,
                "url": reverse(f"admin:{entry.action_name}", args=[run.pk]),
                "strong": entry.variant in (ActionVariant.SUCCESS, ActionVariant.PRIMARY),
            }
            for entry in actions
        ],
    }


def _files(conflict: Any) -> str:
    named = conflict.get("files", ()) if isinstance(conflict, Mapping) else conflict if isinstance(conflict, list) else ()
    return ", ".join(str(file) for file in named)[:1_000] or ("The base changed the same lines." if conflict else "")


def events_after(request: HttpRequest, run: TaskRun) -> list[dict[str, Any]]:
    """The run's events after `?after=`, in the format of the socket. One query."""
    after = request.GET.get("after", "")
    rows = Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk, seq__gt=int(after) if after.isdecimal() else 0)
    found = rows.order_by("seq").values("seq", "type", "message", "data", "created_at")[:SHOWN]
    return [{**row, "timestamp": row.pop("created_at").isoformat()} for row in found]


def log_of(run: TaskRun) -> str:
    """The latest output of models and commands, oldest first. One query."""
    rows = Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk, type__in=SPOKEN).order_by("-seq")
    return "\n".join(filter(None, (spoken(data) for data in reversed(list(rows.values_list("data", flat=True)[:30])))))


def spoken(data: Mapping[str, Any]) -> str:
    return str(data.get("text") or data.get("output_tail") or "")
