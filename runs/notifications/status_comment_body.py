"""Texts of status comments on issues and pull requests, and of separate comments that request action."""

from __future__ import annotations

from mgx_project.common import clock

from ..models import TaskRun
from ..models.run_state import Milestone, RunAction, RunOutcome
from .pull_request_body import code, page_of, quoted, summary_of


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
        # the service notifies of a new pull request itself, but of new commits in one only some people
        return (f"{state.notice}:{run.pk}", _done(run)) if _is_continuation(run) else None
    if state.final:
        key = f"{state.notice}:{run.pk}"
    elif run.pause_reason == "storage":
        # it goes on without a person, and may be paused again some times an hour: once a day is enough
        key = f"{state.notice}:{run.pk}:storage:{clock.now():%Y-%m-%d}"
    else:
        key = f"{state.notice}:{run.pk}:{run.fence}"
    return key, f"Run #{run.run_number} {_stands(run)}"


def _stands(run: TaskRun) -> str:
    error = run.error or {}
    refused = quoted(run.results.get("pull_request_error", ""))
    facts = {
        "reason": run.pause_reason,
        "error": f"{quoted(error.get('detail', ''))} {quoted(error.get('hint', ''))}".strip(),
        "answer": "`/mgx resume` and your answer" if run.pause_reason == "question" else "`/mgx resume`",
        "page": page_of(run),
        "result": f"{run.pr_url or code(run.branch_name)} {refused}".rstrip(),
    }
    return run.state.comment.format_map(facts)


def _is_continuation(run: TaskRun) -> bool:
    return run.continues_branch and (run.revision or {}).get("kind") == "continue"


def _done(run: TaskRun) -> str:
    """What a run did to a pull request that was there. What a member of the workspace asked for is quoted only if it was said
    on the service: more people read there than are members."""
    asked, tests = run.revision or {}, run.results.get("tests") or {}
    proof = (tests.get("proof") or {}).get("verdict") or tests.get("status", "")
    who = f", as {quoted(asked['by'], 200)} asked:\n\n> {quoted(asked['asked'], 500)}" if asked.get("by") else "."
    lines = [
        f"**Run #{run.run_number}** went on here{who}",
        f"{code(run.commit_sha[:10])} {quoted(summary_of(run))}",
        f"Tests: {quoted(proof, 100)}." if proof else "",
    ]
    return "\n\n".join(line for line in lines if line)


def _milestones(run: TaskRun) -> str:
    names = [str(milestone) for milestone in Milestone]
    if run.state.milestone is None:
        return ""
    at = names.index(run.state.milestone)
    done = [f"{name} ✓" for name in names[: at + (at == len(names) - 1)]]
    now = [f"**{names[at]}**"] if len(done) == at else []
    return " · ".join([*done, *now, *names[at + 1 :]])


def understood(run: TaskRun) -> str:
    """What a revision was told that reviewers ask for, so that they see what was understood; "" for any other run."""
    asked = (run.revision or {}).get("understood") or []
    lines = [f"- {code(entry['place'] or 'the review')}: {quoted(entry['said'], 200)}".rstrip(": ") for entry in asked]
    return "\n".join(["Understood as asked for:", "", *lines]) if lines else ""


def _plan(run: TaskRun) -> str:
    plan = run.plan or {}
    again = f" (version {run.plan_version})" if run.plan_version > 1 else ""
    lines = [f"**Plan of run #{run.run_number}{again}:** {quoted(plan.get('summary', ''))}", ""]
    if told := understood(run):
        lines += [told, ""]
    for number, step in enumerate(plan.get("steps", []), 1):
        files = ", ".join(code(path) for path in step.get("files", [])[:10])
        lines.append(f"{number}. {quoted(step.get('title', ''), 300)}{f' ({files})' if files else ''}")
    lines += [f"- Risk: {quoted(risk, 300)}" for risk in plan.get("risks", [])[:10]]
    lines += [f"- Question: {quoted(question, 300)}" for question in plan.get("questions", [])[:10]]
    return "\n".join(lines)
