"""The form for a task. What it offers is read here; its script creates the task and its first run through the REST API."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from agent import stacks
from projects.models import Project
from repositories.models import RepositoryLink
from workspaces.models import ModelConnection, Role
from workspaces.web.member import WebMember
from workspaces.web.pages import member_page, show

from ..services import approver_of

MOST = 200
"""The most projects, repositories and models that are offered; a task for another one is created with `mgx task`."""


@member_page
def new_task(request: HttpRequest, member: WebMember) -> HttpResponse:
    """Three queries beside those of the session."""
    workspace = member.current
    context: dict[str, Any] = {"place": "new"}
    if workspace is not None:
        role = member.principal(workspace.pk).role
        names = ModelConnection.objects.for_workspace(workspace.pk).order_by("-is_default", "name")
        context |= {
            "places": _places(workspace.pk, role),
            "stacks": [{"id": each.id, "title": each.title} for each in stacks.catalogue()],
            "models": list(names.values_list("name", flat=True)[:MOST]),
            "may_create": role.allows(Role.DEVELOPER),
            "role": role,
            "most_tokens": settings.MGX_DEFAULT_RUN_TOKENS,
            "may_raise": role.allows(Role.ADMIN),
        }
    return show(request, "runs/new_task.html", context, member)


def _places(workspace_id: Any, role: Role) -> list[dict[str, Any]]:
    """The projects, each with its repositories and whether the person may approve plans there. Two queries."""
    projects = Project.objects.for_workspace(workspace_id).order_by("name", "id")
    links = RepositoryLink.objects.for_workspace(workspace_id).exclude(status=RepositoryLink.Status.DISCONNECTED)
    by_project: dict[Any, list[dict[str, Any]]] = {}
    for link in links.order_by("-is_primary", "repo_full_name").values("id", "project_id", "repo_full_name")[:MOST]:
        by_project.setdefault(link["project_id"], []).append(link)
    return [
        {
            "id": row["id"],
            "name": row["name"],
            "approves": role.allows(approver_of(row["approval_policy"])),
            "repositories": by_project.get(row["id"], []),
        }
        for row in projects.values("id", "name", "approval_policy")[:MOST]
    ]
