"""The page on which an operator accepts or rejects the files and hunks of a change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse

from mgx_project.common.errors import MGXError, NotFound
from mgx_project.common.store import StoreAway
from workspaces.admin.operators import operator

from .. import services
from ..lifecycle import change_review, change_set
from ..models import TaskRun
from ..models.run_state import RunPhase, RunState
from .panels import coloured_lines
from .proof import proof_page

MAX_PARTS = 300
"""The most hunks that can be decided on one by one; beyond it only whole files (a form has at most 1,000 fields)."""
TOLD: dict[RunPhase | None, str] = {
    RunPhase.DELIVER: "Accepted. The change will be delivered.",
    RunPhase.EXECUTE: "The rejected parts will be removed; the rest is tested and reviewed again.",
}
"""By the phase that a worker claims the run for."""
ENDED = "Rejected. The run has ended."


def changes_page(request: HttpRequest, run: TaskRun) -> HttpResponse:
    """GET shows the open round; POST decides on all of its parts."""
    back = HttpResponseRedirect(reverse("admin:runs_taskrun_change", args=[run.pk]))
    principal = operator(request, run.workspace_id)
    try:
        current = change_review.current_round(run)
        files = change_set.load(current, briefly=True)
    except (NotFound, StoreAway) as error:
        messages.error(request, error.detail)
        return back
    if request.method == "POST":
        try:
            decided = services.decide_changes(
                principal=principal,
                run_id=run.pk,
                decisions=list(_decisions(request.POST, files)),
                round=int(number) if (number := request.POST.get("round", "")).isdecimal() else None,
                comment=request.POST.get("comment", "")[:10_000],
                accept_rest=True,
                done=True,
            )
        except MGXError as error:
            messages.error(request, f"{error.detail} {error.hint}".strip())
        else:
            messages.success(request, _told(decided.state))
        return back
    context = {
        **admin.site.each_context(request),
        "title": f"Changes of {run.task.name} #{run.run_number}",
        "files": [
            _file(position, file, _by_hunk(files)) for position, file in enumerate(change_set.shown(current.decisions, files))
        ],
        "proof": proof_page(run),
        "round": current.number,
        "back": back.url,
        "opts": TaskRun._meta,
    }
    return TemplateResponse(request, "admin/runs/changes.html", context)


def _told(state: RunState) -> str:
    return ENDED if state.final else TOLD.get(state.phase, "Decided.")


def _file(position: int, file: dict[str, Any], by_hunk: bool) -> dict[str, Any]:
    hunks = [
        {**hunk, "name": f"{position}-{hunk['hunk']}", "shown": coloured_lines([hunk["header"], *hunk["lines"]])}
        for hunk in file["hunks"]
    ]
    return {**file, "hunks": hunks, "name": f"{position}-{change_set.WHOLE}", "by_hunk": by_hunk and bool(hunks)}


def _by_hunk(files: list[dict[str, Any]]) -> bool:
    return sum(len(change_set.parts(file)) for file in files) <= MAX_PARTS


def _decisions(form: QueryDict, files: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for position, file in enumerate(files):
        for part in (change_set.WHOLE, *change_set.parts(file)):
            answer = form.get(f"d-{position}-{part}")
            if answer not in ("accept", "reject"):
                continue
            comment = form.get(f"c-{position}-{part}", "")[:4_000] if answer == "reject" else ""
            hunk = None if part == change_set.WHOLE else int(part)
            yield {"path": file["path"], "hunk": hunk, "accepted": answer == "accept", "comment": comment}
