"""The inbox: what waits for a person, over all workspaces of theirs, with how long it waits and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from mgx_project.common import clock
from mgx_project.common.money import usd
from workspaces.web.member import WebMember
from workspaces.web.pages import OUR_SCRIPT, member_page, show

from ..models import TaskRun
from ..models.run_state import STATES, WAITING_FOR_PEOPLE, RunAction, RunOutcome, with_outcome
from .acts import may_decide

SHOWN = 100
"""The most entries on the page; those that wait longest come first."""
FAILURES = timedelta(days=7)
"""How long a failure stays, unless its task is tried again before."""
PAUSES = {
    "question": "Question",
    "budget": "Budget reached",
    "loop": "Going in circles",
    "sandbox": "Sandbox failed",
    "provider": "Model failed",
    "storage": "Storage away",
    "worker": "Workers died",
    "version": "Older version",
}
COLUMNS = (
    "id", "workspace_id", "run_number", "status", "pause_reason", "error", "updated_at", "usage", "plan_version",
    "plan__summary", "plan__estimate", "task__name", "task__project__name", "task__project__approval_policy",
)  # fmt: skip
TELLING = (
    "run_queued", "plan_ready", "approval_required", "approved", "rejected", "plan_edited", "changes_ready", "changes_decided",
    "paused", "resumed", "completion", "failure", "cancelled",
)  # fmt: skip
"""Events after which the inbox may be another one."""


def root(request: HttpRequest) -> HttpResponse:
    """The inbox for a browser; programs are led to the reference of the API, as they always were."""
    if "text/html" in request.headers.get("Accept", "") or OUR_SCRIPT in request.headers:
        answer: HttpResponse = inbox(request)
    else:
        answer = HttpResponseRedirect("/docs")
    answer["Vary"] = "Accept, Cookie"
    return answer


@member_page
def inbox(request: HttpRequest, member: WebMember) -> HttpResponse:
    """The whole page, or the list alone for its script. Two queries beside those of the session."""
    entries = entries_of(member)
    template = "runs/inbox_list.html" if OUR_SCRIPT in request.headers else "runs/inbox.html"
    sockets = [
        {"path": f"/ws/stream?workspace={each.pk}&types={','.join(TELLING)}", "after": each.event_position}
        for each in member.workspaces.values()
    ]
    context = {"place": "inbox", "entries": entries[:SHOWN], "more": len(entries) > SHOWN, "sockets": sockets}
    return show(request, template, context, member)


def entries_of(member: WebMember) -> list[dict[str, Any]]:
    """At most SHOWN + 1, decisions before failures. The positions of the workspaces were read before: what changes after
    that comes through the sockets."""
    ids = list(member.workspaces)  # of all tenants, but only those that the person belongs to
    rows: QuerySet[TaskRun] = TaskRun.across_tenants.filter(workspace_id__in=ids)
    waiting = rows.filter(status__in=WAITING_FOR_PEOPLE).order_by("updated_at", "id")
    entries = [_entry(row, member) for row in waiting.values(*COLUMNS)[: SHOWN + 1]]
    if len(entries) <= SHOWN:
        # of the newest attempt alone: whoever tried again has followed it up
        failed = rows.filter(status__in=with_outcome(RunOutcome.FAILED), run_number=F("task__runs_total"))
        recent = failed.filter(updated_at__gt=clock.now() - FAILURES).order_by("-updated_at", "id")
        entries += [_entry(row, member) for row in recent.values(*COLUMNS)[: SHOWN + 1 - len(entries)]]
    return entries


def _entry(row: Mapping[str, Any], member: WebMember) -> dict[str, Any]:
    state, error = STATES[row["status"]], row["error"] or {}
    decides = RunAction.APPROVE in state.actions or RunAction.CHANGES in state.actions
    policy = row["task__project__approval_policy"]
    mine = not decides or may_decide(member.principal(row["workspace_id"]), policy)
    return {
        **row,
        "kind": _kind(row),
        "tone": state.tone,
        "name": row["task__name"],
        "project": row["task__project__name"],
        "workspace": member.workspaces[row["workspace_id"]].name,
        "text": error.get("detail") or row["plan__summary"] or state.next,
        "cost": _cost(row),
        "since": row["updated_at"],
        "approvable": RunAction.APPROVE in state.actions and mine,
        "why_not": "" if mine else "Somebody with the right to approve decides on this.",
    }


def _kind(row: Mapping[str, Any]) -> str:
    actions = STATES[row["status"]].actions
    if RunAction.APPROVE in actions:
        return "Plan to approve"
    if RunAction.CHANGES in actions:
        return "Changes to review"
    if RunAction.RESUME in actions:
        return PAUSES.get(row["pause_reason"], "Paused")
    return "Failed"


def _cost(row: Mapping[str, Any]) -> str:
    """What was spent, and what the plan's execution is estimated at."""
    spent = (row["usage"] or {}).get("cost_usd", "0")
    estimated = (row["plan__estimate"] or {}).get("cost_usd") if RunAction.APPROVE in STATES[row["status"]].actions else None
    told = "cost unknown" if spent is None else f"{usd(spent)} spent"
    return f"{told}, about {usd(estimated)} to come" if estimated else told
