"""Texts of status comments on issues and pull requests, and of separate comments that request action."""

from __future__ import annotations

from ..models import TaskRun
from ..models.run_state import Milestone, RunAction, RunOutcome
from .pull_request_body import code, quoted


def status(run: TaskRun, last: str = "") -> str:
    """The status comment, which is edited. ``last`` is the reply to the latest command."""
    lines = [f"**Run #{run.run_number}** {_stands(run)}", _milestones(run), last]
    return "\n\n".join(line for line in lines if line)


def news(run: TaskRun) -> tuple[str, str] | None:
    """Key and text of a separate comment, since edits do not notify people; None for states that need none."""
    state = run.state
    if not state.notice:
        return None
    if RunAction.APPROVE in state.actions:
        if run.auto_approve:
            return None
        ask = "Reply with `/mgx approve`, or with `/mgx reject` and what should be different."
        return f"{state.notice}:{run.pk}:{run.plan_version}", f"{_plan(run)}\n\n{ask}"
    if state.outcome is RunOutcome.SUCCEEDED and run.pr_url:
        return None  # the service notifies of the pull request itself
    key = f"{state.notice}:{run.pk}" if state.final else f"{state.notice}:{run.pk}:{run.fence}"
    return key, f"Run #{run.run_number} {_stands(run)}"


def _stands(run: TaskRun) -> str:
    error = run.error or {}
    refused = quoted(run.results.get("pull_request_error", ""))
    facts = {
        "reason": run.pause_reason,
        "error": f"{quoted(error.get('detail', ''))} {quoted(error.get('hint', ''))}".strip(),
        "answer": "`/mgx resume` and your answer" if run.pause_reason == "question" else "`/mgx resume`",
        "result": f"{run.pr_url or code(run.branch_name)} {refused}".rstrip(),
    }
    return run.state.comment.format_map(facts)


def _milestones(run: TaskRun) -> str:
    names = [str(milestone) for milestone in Milestone]
    if run.state.milestone is None:
        return ""
    at = names.index(run.state.milestone)
    done = [f"{name} ✓" for name in names[: at + (at == len(names) - 1)]]
    now = [f"**{names[at]}**"] if len(done) == at else []
    return " · ".join([*done, *now, *names[at + 1 :]])


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
