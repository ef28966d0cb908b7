"""What an issue or a pull request is told of a run: how it stands, and what a person must not miss."""

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
    """The comment that is edited. ``last`` is the answer to the command that was heard last."""
    lines = [f"**Run #{run.run_number}** {_stands(run)}", _phases(run), last]
    return "\n\n".join(line for line in lines if line)


def news(run: TaskRun) -> tuple[str, str] | None:
    """The key and the words of what needs a comment of its own, for nobody is told of an edit; None for the other states."""
    name = f"Run #{run.run_number}"
    match Status(run.status):
        case Status.AWAITING_APPROVAL if not run.auto_approve:
            ask = "Answer `/mgx approve`, or `/mgx reject` and what should be different."
            return f"plan:{run.pk}:{run.plan_version}", f"{_plan(run)}\n\n{ask}"
        case Status.AWAITING_CHANGES:
            return f"changes:{run.pk}:{run.fence}", f"{name} waits for a decision on its changes, on the page of the run."
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
            return "waits for a worker."
        case Status.PLANNING:
            return "is planning."
        case Status.AWAITING_APPROVAL:
            return "has a plan that waits for a decision: `/mgx approve`, or `/mgx reject` and what should be different."
        case Status.APPROVED | Status.EXECUTING:
            return "is at work."
        case Status.AWAITING_CHANGES:
            return "waits for a decision on its changes."
        case Status.DELIVERING:
            return "is delivering."
        case Status.PAUSED:
            what = "`/mgx resume` and the answer" if run.pause_reason == "question" else "`/mgx resume`"
            return f"waits ({run.pause_reason}): {why} It goes on with {what}."
        case Status.COMPLETED:
            refused = quoted(run.results.get("pull_request_error", ""))
            return f"is done: {run.pr_url or code(run.branch_name)} {refused}".rstrip()
        case Status.FAILED:
            return f"has failed: {why} `/mgx retry` starts another."
        case Status.REJECTED:
            return "was rejected. `/mgx plan` starts another."
        case Status.CANCELLED:
            return "was cancelled. `/mgx retry` starts another."


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
    lines = [f"**The plan of run #{run.run_number}{again}:** {quoted(plan.get('summary', ''))}", ""]
    for number, step in enumerate(plan.get("steps", []), 1):
        files = ", ".join(code(path) for path in step.get("files", [])[:10])
        lines.append(f"{number}. {quoted(step.get('title', ''), 300)}{f' ({files})' if files else ''}")
    lines += [f"- Risk: {quoted(risk, 300)}" for risk in plan.get("risks", [])[:10]]
    lines += [f"- Question: {quoted(question, 300)}" for question in plan.get("questions", [])[:10]]
    return "\n".join(lines)
