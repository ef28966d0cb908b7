"""Commands in comments, reviews and remarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mgx_project.common.errors import BadRequest, Conflict, NotFound
from repositories.hosting.base import HostedPullRequest
from repositories.hosting.commands import Verb
from repositories.hosting.webhook_events import CommentCommand
from repositories.models import RepositoryLink
from tasks.models import Task
from workspaces.principal import Principal

from .. import services
from ..lifecycle import continuation
from ..lifecycle.messages import MAX_CHARACTERS
from ..models import OutgoingComment, TaskRun
from ..models.run_state import RunAction
from ..notifications.pull_request_body import code
from .closed import require_open
from .effects import Effect
from .issue_tasks import start, task_of

MEANINGS: Mapping[Verb, str] = {
    "plan": "drafts a plan and posts it here for approval.",
    "run": "drafts a plan and executes it.",
    "approve": "approves the plan. Text after it is a message to the team.",
    "reject": "ends the run. With text after it, the plan is drafted again.",
    "cancel": "cancels the run.",
    "retry": "starts a new run. Text after it is feedback for the plan.",
    "continue": "has more done on the branch and pull request of a finished run. The text after it says what.",
    "resume": "resumes a paused run. Text after it is the answer to its question.",
    "steer": "sends the text after it to the team.",
    "help": "says this.",
}
STARTING = frozenset({"plan", "run", "retry", "continue"})
"""The commands that begin a run."""
RELEASING = frozenset({"approve", "resume"})
"""The commands after which a run that waits goes on with its work."""


def run_command(link: RepositoryLink, who: Principal, command: CommentCommand, pull: HostedPullRequest | None = None) -> Effect:
    """``pull`` is the present state of the pull request that the command is on, for one that begins a run there, or of that
    which the run would change.

    Raises what the action raises, and InvalidTransition for a run on a pull request that is not open.
    """
    if command.verb in ("help", ""):
        return Effect(command.issue.number, _help(command))
    effect = _done(link, who, command, pull)
    return replace(effect, text=f"{code(f'/mgx {command.verb}')} by {code(command.actor)}: {effect.text}")


def _help(command: CommentCommand) -> str:
    lines = [f"- `/mgx {verb}` {meaning}" for verb, meaning in MEANINGS.items()]
    unknown = [] if command.verb else [f"Unknown command {code(command.words)}."]
    return "\n".join([*unknown, "Available commands:", "", *lines])


def _done(link: RepositoryLink, who: Principal, command: CommentCommand, pull: HostedPullRequest | None) -> Effect:
    issue, words = command.issue, command.words
    task = task_of(link, issue)
    number = goes_on(link, command)
    if pull is not None and task is not None and (command.verb in STARTING or number == pull.number):
        require_open(pull, task)
    if command.verb in ("plan", "run"):
        return start(link, who, issue, auto_approve=command.verb == "run")
    run = None if task is None else _newest(link, task)
    if run is None:
        raise NotFound("There is no run for this thread yet. Start one with `/mgx plan`.")
    known: dict[str, Any] = {"principal": who, "run_id": run.pk}
    match command.verb:
        case "approve":
            services.decide_plan(**known, approved=True, feedback=words, plan_version=_seen_version(link, run, command))
            said = f"run #{run.run_number} was approved."
        case "reject":
            services.decide_plan(**known, approved=False, feedback=words, plan_version=_seen_version(link, run, command))
            said = f"run #{run.run_number} is drafting a new plan." if words else f"run #{run.run_number} was rejected."
        case "cancel":
            services.cancel_run(**known)
            said = f"run #{run.run_number} was cancelled."
        case "resume":
            services.resume_run(**known, message=words)
            said = f"run #{run.run_number} was resumed."
        case "continue":
            said = f"run #{_continued(run, who, words).run_number} is planning."
        case "retry":
            said = f"run #{services.retry_run(**known, message=words[:MAX_CHARACTERS]).run_number} is planning."
        case "steer":
            services.steer_run(**known, message=words)
            said = f"message sent to run #{run.run_number}."
    return Effect(issue.number, said, task)


def goes_on(link: RepositoryLink, command: CommentCommand) -> int | None:
    """The number of the pull request that the thread's newest run would go on to change; None where the command does not have
    it go on, or it has none yet."""
    task = task_of(link, command.issue) if command.verb in RELEASING else None
    run = None if task is None else _newest(link, task)
    return None if run is None or run.is_final else run.pr_number


def _newest(link: RepositoryLink, task: Task) -> TaskRun | None:
    return TaskRun.objects.for_workspace(link.workspace_id).filter(task=task).order_by("-run_number").first()


def _continued(newest: TaskRun, who: Principal, words: str) -> TaskRun:
    """A new run on the branch of the thread's newest finished run that left one. Only by this command: other words of people in
    a comment on a pull request ask for nothing that costs money."""
    if not words:
        raise BadRequest("Say what should change: `/mgx continue` and what.", code="no_message")
    parent = newest
    if newest.is_final and not newest.has_branch:
        parent = continuation.newest_with_branch(newest.workspace_id, newest.task_id) or newest
    return services.continue_run(principal=who, run_id=parent.pk, message=words)


def _seen_version(link: RepositoryLink, run: TaskRun, command: CommentCommand) -> int | None:
    """The version of the plan that a decision is about: the present one, if it was posted before the command was written. None
    if there is no plan to decide on.

    Raises Conflict where the author of the command can't have seen it.
    """
    if RunAction.APPROVE not in run.state.actions:
        return None
    rows = OutgoingComment.objects.for_workspace(link.workspace_id)
    posted = rows.filter(link_id=link.pk, key=f"{run.state.notice}:{run.pk}:{run.plan_version}").first()
    if posted is not None and not _had_seen(posted, command):
        raise Conflict(
            f"Version {run.plan_version} of the plan of run #{run.run_number} stands, which was not posted yet when this was "
            "written. Nothing was decided.",
            code="stale_plan",
            hint="Read that version, then decide again.",
        )
    return run.plan_version


def _had_seen(plan: OutgoingComment, command: CommentCommand) -> bool:
    """Whether ``command`` was written after ``plan`` was posted: by the ids of the two comments, else by their times."""
    if plan.sent_at is None:
        return plan.due_at is None  # it could not be posted at all
    kind, _, identity = command.key.partition(":")
    if plan.comment_id is not None and kind == "comment":
        return int(identity) > plan.comment_id
    return command.happened_at is None or command.happened_at >= plan.sent_at.replace(microsecond=0)
