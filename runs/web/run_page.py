"""A run's page: the task as its heading, and below it what the run plans, says, changes and costs.

The page holds the run's row as the REST API has it, and its script reads that row again after each event that may have changed
it: all that the page says about the state comes from one answer, so that no part of it contradicts another.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from mgx_project.common.errors import NotFound
from mgx_project.common.etag import etag
from workspaces.principal import Principal
from workspaces.web.member import WebMember
from workspaces.web.pages import json_answer, member_page, show

from ..models import TaskRun
from ..serializers import RunRow
from .acts import COLUMNS, acts_on


@member_page
def run_page(request: HttpRequest, member: WebMember, run_id: uuid.UUID) -> HttpResponse:
    """One query beside those of the session."""
    state, workspace = _state(member, run_id)
    context = {"state": state, "run": state["run"], "workspace": workspace, "place": "runs"}
    return show(request, "runs/run.html", context, member)


@member_page
def run_state(request: HttpRequest, member: WebMember, run_id: uuid.UUID) -> HttpResponse:
    """{run, acts, caps, …} as JSON, for the page's script. One query beside those of the session."""
    return json_answer(_state(member, run_id)[0])


def _state(member: WebMember, run_id: uuid.UUID) -> tuple[dict[str, Any], Any]:
    """Raises NotFound for a run of others as for one that does not exist."""
    mine = TaskRun.across_tenants.filter(workspace_id__in=list(member.workspaces))  # a link names a run, and not its workspace
    columns = {
        *RunRow.columns().values(),
        *COLUMNS,
        "task__project__name",
        "task__project__review_changes",
        "task__description",
        "updated_at",
    }
    row = mine.filter(pk=run_id).values(*columns).first()
    if row is None:
        raise NotFound("This run does not exist or you do not have access to it.")
    principal: Principal = member.principal(row["workspace_id"])
    state = {
        "run": RunRow.render(row),
        "project_name": row["task__project__name"],
        "description": row["task__description"],
        "reviews": row["task__project__review_changes"],
        "acts": acts_on(row, principal),
        "caps": {"max_tokens": settings.MGX_DEFAULT_RUN_TOKENS} | {name: cap for name, cap in row["budget"].items() if cap},
        "etag": etag(row["id"], row["updated_at"]),
        "role": str(principal.role),
    }
    return state, member.workspaces[row["workspace_id"]]
