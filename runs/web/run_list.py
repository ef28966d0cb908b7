"""The runs of a workspace: search by name or id, filters, newest first, page by page."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, QueryDict

from mgx_project.common.filtering import with_id_prefix
from mgx_project.common.ids import parse_id
from mgx_project.common.json_values import storable
from mgx_project.common.money import usd
from projects.models import Project
from workspaces.web.member import WebMember
from workspaces.web.pages import member_page, show

from ..models import TaskRun
from ..models.run_state import FINAL, STATES, WAITING_FOR_PEOPLE, RunOutcome, Status, with_outcome

PAGE = 50
MOST_PROJECTS = 200
MAX_SEARCH = 200
HEXADECIMAL = frozenset("0123456789abcdef-")
GROUPS: Mapping[str, tuple[str, frozenset[Status]]] = {
    "waiting": ("Waiting for somebody", WAITING_FOR_PEOPLE),
    "working": ("At work", frozenset(Status) - FINAL - WAITING_FOR_PEOPLE),
    "succeeded": ("Succeeded", with_outcome(RunOutcome.SUCCEEDED)),
    "failed": ("Failed", with_outcome(RunOutcome.FAILED)),
    "stopped": ("Stopped by somebody", with_outcome(RunOutcome.STOPPED)),
}
COLUMNS = (
    "id", "run_number", "status", "pause_reason", "error__detail", "usage", "created_at", "started_at", "completed_at",
    "pr_url", "task__name", "task__project__name", "created_by__username", "account",
)  # fmt: skip


@member_page
def run_list(request: HttpRequest, member: WebMember) -> HttpResponse:
    """Two queries beside those of the session."""
    workspace = member.current
    if workspace is None:
        return show(request, "runs/run_list.html", {"place": "runs"}, member)
    asked = request.GET
    projects = Project.objects.for_workspace(workspace.pk).order_by("name").values("id", "name")[:MOST_PROJECTS]
    rows = _filtered(TaskRun.objects.for_workspace(workspace.pk), asked)
    if (before := parse_id(asked.get("before"))) is not None:
        last = TaskRun.objects.for_workspace(workspace.pk).filter(pk=before).values("created_at")
        rows = rows.filter(Q(created_at__lt=Subquery(last)) | Q(created_at=Subquery(last), pk__lt=before))
    found = list(rows.order_by("-created_at", "-id").values(*COLUMNS)[: PAGE + 1])
    context = {
        "place": "runs",
        "projects": list(projects),
        "groups": {name: label for name, (label, _) in GROUPS.items()},
        "q": asked.get("q", ""),
        "state": asked.get("state", ""),
        "project": asked.get("project", ""),
        "filtered": any(asked.get(name) for name in ("q", "state", "project")),
        "runs": [_shown(row) for row in found[:PAGE]],
        "older": _older(asked, found[PAGE - 1]["id"]) if len(found) > PAGE else "",
    }
    return show(request, "runs/run_list.html", context, member)


def _filtered(rows: QuerySet[TaskRun], asked: QueryDict) -> QuerySet[TaskRun]:
    """A value that means nothing filters nothing: links to the list may be old."""
    if group := GROUPS.get(asked.get("state", "")):
        rows = rows.filter(status__in=group[1])
    if (project := parse_id(asked.get("project"))) is not None:
        rows = rows.filter(task__project_id=project)
    text = storable(asked.get("q", "")[:MAX_SEARCH]).strip()
    if not text:
        return rows
    named = Q(task__name__icontains=text)
    digits = text.lower()
    if len(digits) >= 4 and HEXADECIMAL.issuperset(digits):
        named |= Q(pk__in=with_id_prefix(rows, digits).values("pk"))
    return rows.filter(named)


def _older(asked: QueryDict, last: uuid.UUID) -> str:
    kept = asked.copy()
    kept["before"] = str(last)
    return f"?{kept.urlencode()}"


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    state, started, ended = STATES[row["status"]], row["started_at"], row["completed_at"]
    cost = (row["usage"] or {}).get("cost_usd", "0")
    return {
        **row,
        "name": row["task__name"],
        "project": row["task__project__name"],
        "by": row["account"] or row["created_by__username"] or "",
        "label": Status(row["status"]).label,
        "tone": state.tone,
        "why": row["error__detail"] or "",
        "cost": "cost unknown" if cost is None else usd(cost),
        "took": _took((ended - started).total_seconds()) if started and ended else "",
    }


def _took(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
