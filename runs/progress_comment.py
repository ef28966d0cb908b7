"""What the issue that a task came from is told of its run: one comment for each task, edited as things go on."""

from __future__ import annotations

import logging

from mgx_project.common.errors import MGXError
from repositories.hosting import host_of
from repositories.models import RepositoryLink

from .models import TaskRun
from .models.run import Status
from .pull_request_text import code, quoted

log = logging.getLogger(__name__)


def tell(run: TaskRun | None) -> None:
    """Says in the issue how the run stands now. Nothing for a task of another origin; a service that fails stops no run."""
    if run is None or run.task.issue_number is None or (text := _text(run)) is None:
        return
    link = RepositoryLink.objects.of(run.workspace_id).filter(pk=run.task.repository_id).first()
    host = host_of(link) if link is not None and link.status != RepositoryLink.Status.DISCONNECTED else None
    if host is None:
        return
    try:
        host.comment(run.task.issue_number, text, marker=f"task-{run.task_id}")
    except MGXError as error:
        log.warning("run %s: the issue could not be told: %s", run.pk, error.detail)


def _text(run: TaskRun) -> str | None:
    name = f"Run #{run.run_number}"
    match Status(run.status):
        case Status.AWAITING_APPROVAL:
            return f"{_plan(run)}\n\nAnswer `/mgx approve`, or `/mgx reject` and what should be different."
        case Status.COMPLETED:
            return f"{name} is done: {run.pr_url or run.branch_name}"
        case Status.FAILED | Status.PAUSED:
            error = run.error or {}
            how = "has failed" if run.status == Status.FAILED else f"waits ({run.pause_reason})"
            return f"{name} {how}: {quoted(error.get('detail', ''))} {quoted(error.get('hint', ''))}".strip()
        case Status.APPROVED | Status.EXECUTING | Status.DELIVERING:
            return f"{name} is at work."
    return None


def _plan(run: TaskRun) -> str:
    plan = run.plan or {}
    lines = [f"**The plan of run #{run.run_number}:** {quoted(plan.get('summary', ''))}", ""]
    for number, step in enumerate(plan.get("steps", []), 1):
        files = ", ".join(code(path) for path in step.get("files", [])[:10])
        lines.append(f"{number}. {quoted(step.get('title', ''), 300)}{f' ({files})' if files else ''}")
    lines += [f"- Risk: {quoted(risk, 300)}" for risk in plan.get("risks", [])[:10]]
    lines += [f"- Question: {quoted(question, 300)}" for question in plan.get("questions", [])[:10]]
    return "\n".join(lines)
