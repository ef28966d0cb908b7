"""Texts of status comments on issues and pull requests, and of separate comments that request action."""

from __future__ import annotations

from ..models import TaskRun
from ..models.run import Status
from .pull_request_body import code, quoted

PHASES = ("queued", "planning", "approval", "executing", "delivering", "done")
_PHASE = {
    Status.QUEUED: 0,
    Status.PLANNING: 1,
    Status.AWAITING_APPROVAL: 2,
    Status.APPROVED: 3,
    Status.EXECUTING: 3,
    Status.AWAITING_CHANGES: 3,
    Status.DELIVERING: 4,
    Status.COMPLETED: 5,
}


def status(run: TaskRun, last: str = "") -> str:
    """The status comment, which is edited. ``last`` is the reply to the latest command."""
    lines = [f"**Run #{run.run_number}** {_stands(run)}", _phases(run), last]
    return "\n\n".join(line for line in lines if line)


def news(run: TaskRun) -> tuple[str, str] | None:
    """Key and text of a separate comment, since edits do not notify people; None for states that need none."""
    name = f"Run #{run.run_number}"
    match Status(run.status):
        case Status.AWAITING_APPROVAL if not run.auto_approve:
            ask = "Reply with `/mgx approve`, or with `/mgx reject` and what should be different."
            return f"plan:{run.pk}:{run.plan_version}", f"{_plan(run)}\n\n{ask}"
        case Status.AWAITING_CHANGES:
            return (
                f"changes:{run.pk}:{run.fence}",
                f"{name} is waiting for a decision on its changes. Decide on the page of the run.",
            )
        case Status.PAUSED:
            return f"paused:{run.pk}:{run.fence}", f"{name} {_stands(run)}"
        case Status.FAILED:
            return f"failed:{run.pk}", f"{name} {_stands(run)}"
        case Status.COMPLETED if not run.pr_url:
            return f"done:{run.pk}", f"{name} {_stands(run)}"
    return None


def _stands(run: TaskRun) -> str:
    error = run.error or {}
    why = f"{quoted(error.get('detail', ''))} {quoted(error.get('hint', ''))}".strip()
    match Status(run.status):
        case Status.QUEUED:
            return "is waiting for a worker."
        case Status.PLANNING:
            return "is planning."
        case Status.AWAITING_APPROVAL:
            return "has a plan awaiting approval. Reply with `/mgx approve`, or `/mgx reject` and what should be different."
        case Status.APPROVED | Status.EXECUTING:
            return "is in progress."
        case Status.AWAITING_CHANGES:
            return "is waiting for a decision on its changes."
        case Status.DELIVERING:
            return "is delivering."
        case Status.PAUSED:
            what = "`/mgx resume` and your answer" if run.pause_reason == "question" else "`/mgx resume`"
            return f"is paused ({run.pause_reason}): {why} To continue, reply with {what}."
        case Status.COMPLETED:
            refused = quoted(run.results.get("pull_request_error", ""))
            return f"is done: {run.pr_url or code(run.branch_name)} {refused}".rstrip()
        case Status.FAILED:
            return f"failed: {why} To start a new run, reply with `/mgx retry`."
        case Status.REJECTED:
            return "was rejected. To start a new run, reply with `/mgx plan`."
        case Status.CANCELLED:
            return "was cancelled. To start a new run, reply with `/mgx retry`."


def _phases(run: TaskRun) -> str:
    at = _PHASE.get(Status(run.status))
    if at is None:
        return ""
    done = [f"{name} ✓" for name in PHASES[: at + (at == len(PHASES) - 1)]]
    now = [f"**{PHASES[at]}**"] if len(done) == at else []
    return " · ".join([*done, *now, *PHASES[at + 1 :]])


def _plan(run: TaskRun) -> str:
    plan = run.plan or {}
    again = f" (version {run.plan_version})" if run.plan_version > 1 else ""
    lines = [f"**Plan of run #{run.run_number}{again}:** {quoted(plan.get('summary', ''))}", ""]
    for number, step in enumerate(plan.get("steps", []), 1):
        files = ", ".join(code(path) for path in step.get("files", [])[:10])
        lines.append(f"{number}. {quoted(step.get('title', ''), 300)}{f' ({files})' if files else ''}")
    lines += [f"- Risk: {quoted(risk, 300)}" for risk in plan.get("risks", [])[:10]]
    lines += [f"- Question: {quoted(question, 300)}" for question in plan.get("questions", [])[:10]]
    return "\n".join(lines)
