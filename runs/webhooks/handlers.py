"""What a webhook event does. Each effect is written together with its idempotency key, so a redelivery has no effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone

from mgx_project.common.errors import BadRequest, MGXError, NotFound
from repositories import services as repositories
from repositories.hosting.base import HostingClient, ReviewComment
from repositories.hosting.commands import Verb
from repositories.hosting.webhook_events import (
    BranchPushed,
    ChecksFailed,
    CommentCommand,
    IssueLabelled,
    IssueThread,
    LinkChanged,
    PullRequestStateChanged,
    ReviewSubmitted,
    WebhookEvent,
)
from repositories.models import RepositoryLink
from tasks.models import Task
from tasks.services import create_task, name_of
from workspaces.principal import Principal

from .. import services
from ..events import event_log
from ..lifecycle import continuation, revisions
from ..lifecycle.base import locked
from ..lifecycle.messages import MAX_CHARACTERS
from ..models import OutgoingComment, ProcessedWebhook, TaskRun
from ..models.run_state import FINAL
from ..notifications.pull_request_body import code
from ..notifications.status_comment import queue_status_comment
from .authorization import link_owner, principal_for_account

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


@dataclass(frozen=True)
class Effect:
    """The outcome: ``text`` is the reply in the thread ``number``.

    With a ``task`` it is shown in the status comment of that task; without one it needs a separate comment.
    """

    number: int
    text: str
    task: Task | None = None


def handle(link: RepositoryLink, host: HostingClient, event: WebhookEvent) -> None:
    """Performs the request of the event, once, if its account may. The reply is stored to be posted (`runs.notifications`).

    Raises HostBusy, HostFailed and the like if it is worth trying again.
    """
    match event:
        case LinkChanged():
            _revalidate(link)
        case PullRequestStateChanged():
            _sync_pull_request(link, host, event)
        case BranchPushed():
            _note_push(link, event)
        case ChecksFailed():
            _repair(link, host, event)
        case _ if not _is_done(link, event):
            _command(link, host, event)


def _command(link: RepositoryLink, host: HostingClient, event: WebhookEvent) -> None:
    who = principal_for_account(link, host, event.actor)
    if who is None:
        _once(link, event, 0, lambda: None)
        return
    match event:
        case IssueLabelled():
            _once(link, event, event.issue.number, lambda: _label(link, who, event))
        case CommentCommand():
            _once(link, event, event.issue.number, lambda: _run_command(link, who, event))
        case ReviewSubmitted():
            _revise(link, host, who, event)
        case _:
            raise TypeError(f"{type(event).__name__} has no effect")


def _is_done(link: RepositoryLink, event: WebhookEvent) -> bool:
    return ProcessedWebhook.objects.for_workspace(link.workspace_id).filter(link_id=link.pk, key=event.key).exists()


def _once(link: RepositoryLink, event: WebhookEvent, number: int, act: Callable[[], Effect | None]) -> None:
    """Runs ``act`` and stores its key and reply in one transaction. A refusal is a reply too, in the thread ``number``."""
    with transaction.atomic():
        _, new = ProcessedWebhook.objects.for_workspace(link.workspace_id).get_or_create(
            link_id=link.pk, key=event.key, defaults={"workspace_id": link.workspace_id}
        )
        if not new:
            return
        try:
            with transaction.atomic():
                effect = act()
        except MGXError as refused:
            effect = Effect(number, f"The request of {code(event.actor)} failed: {refused.detail} {refused.hint}".strip())
        if effect is not None:
            _enqueue_reply(link, effect, event)


def _enqueue_reply(link: RepositoryLink, effect: Effect, event: WebhookEvent) -> None:
    reply = OutgoingComment(
        workspace_id=link.workspace_id, link_id=link.pk, key=event.key, number=effect.number, text=effect.text
    )
    if effect.task is not None:
        reply.task_id, reply.form = effect.task.pk, OutgoingComment.Form.REACTION
        queue_status_comment(link.workspace_id, link.pk, effect.task.pk, effect.number)
    if effect.task is None or isinstance(event, CommentCommand):
        reply.due_at = timezone.now()
    reply.save(force_insert=True)


def _start(link: RepositoryLink, who: Principal, issue: IssueThread, *, auto_approve: bool) -> Effect:
    task = _task_of(link, issue) or _new_task(link, who, issue)
    live = (
        TaskRun.objects.for_workspace(link.workspace_id)
        .filter(task=task)
        .exclude(status__in=FINAL)
        .order_by("-run_number")
        .first()
    )
    if live is not None:
        return Effect(issue.number, f"run #{live.run_number} is already working on this ({live.status}).", task)
    run = services.create_run(principal=who, task_id=task.pk, auto_approve=auto_approve)
    then = (
        "The plan will be executed without waiting for approval."
        if auto_approve
        else "The plan will be posted here for approval."
    )
    return Effect(issue.number, f"run #{run.run_number} is planning. {then}", task)


def _label(link: RepositoryLink, who: Principal, event: IssueLabelled) -> Effect | None:
    """A label on a pull request of ours does not create a task: the project may add it to all pull requests."""
    if revisions.latest_of(link, event.issue.number) is not None:
        return None
    effect = _start(link, who, event.issue, auto_approve=False)
    return replace(effect, text=f"Label added by {code(event.actor)}: {effect.text}")


def _task_of(link: RepositoryLink, issue: IssueThread) -> Task | None:
    tasks = Task.objects.for_workspace(link.workspace_id).filter(repository_id=link.pk)
    if issue.is_pull_request:
        run = revisions.latest_of(link, issue.number)
        return None if run is None else run.task
    found: Task | None = tasks.filter(issue_number=issue.number).first()
    return found


def _new_task(link: RepositoryLink, who: Principal, issue: IssueThread) -> Task:
    if issue.is_pull_request:
        raise NotFound("I can only work on pull requests that I opened. Open an issue instead.")
    text = f"{issue.title}\n\n{issue.body}".strip() or f"Issue #{issue.number}"
    return create_task(
        principal=who,
        description=text,
        name=name_of(text),
        project_id=link.project_id,
        repository_id=link.pk,
        output_mode=Task.OutputMode.PATCH_EXISTING,
        source=link.provider,
        issue_number=issue.number,
        issue_url=issue.url,
    )


def _run_command(link: RepositoryLink, who: Principal, command: CommentCommand) -> Effect:
    if command.verb in ("help", ""):
        return Effect(command.issue.number, _help(command))
    effect = _done(link, who, command)
    return replace(effect, text=f"{code(f'/mgx {command.verb}')} by {code(command.actor)}: {effect.text}")


def _help(command: CommentCommand) -> str:
    lines = [f"- `/mgx {verb}` {meaning}" for verb, meaning in MEANINGS.items()]
    unknown = [] if command.verb else [f"Unknown command {code(command.words)}."]
    return "\n".join([*unknown, "Available commands:", "", *lines])


def _done(link: RepositoryLink, who: Principal, command: CommentCommand) -> Effect:
    issue, words = command.issue, command.words
    if command.verb in ("plan", "run"):
        return _start(link, who, issue, auto_approve=command.verb == "run")
    task = _task_of(link, issue)
    run = (
        None
        if task is None
        else TaskRun.objects.for_workspace(link.workspace_id).filter(task=task).order_by("-run_number").first()
    )
    if run is None:
        raise NotFound("There is no run for this thread yet. Start one with `/mgx plan`.")
    known = {"principal": who, "run_id": run.pk}
    match command.verb:
        case "approve":
            services.decide_plan(**known, approved=True, feedback=words)
            said = f"run #{run.run_number} was approved."
        case "reject":
            services.decide_plan(**known, approved=False, feedback=words)
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


def _continued(newest: TaskRun, who: Principal, words: str) -> TaskRun:
    """A new run on the branch of the thread's newest finished run that left one. Only by this command: other words of people on
    a pull request ask for nothing that costs money."""
    if not words:
        raise BadRequest("Say what should change: `/mgx continue` and what.", code="no_message")
    parent = newest
    if newest.is_final and not newest.has_branch:
        parent = continuation.newest_with_branch(newest.workspace_id, newest.task_id) or newest
    return services.continue_run(principal=who, run_id=parent.pk, message=words)


def _revise(link: RepositoryLink, host: HostingClient, who: Principal, event: ReviewSubmitted) -> None:
    parent = revisions.latest_of(link, event.number)
    if parent is None:
        _once(link, event, 0, lambda: None)
        return
    ours = host.review_comments(event.number)
    theirs = [comment for comment in ours if comment.author == event.actor and not comment.is_ours]
    # a run that is at work on some of them has them all: they were read when it began
    taken = set() if parent.is_final else set((parent.revision or {}).get("threads", ()))
    open_ones = [comment for comment in theirs if comment.id not in taken]
    mine = [comment for comment in open_ones if not _answered(comment.id, ours)]
    words = event.words if event.words or event.review is None else host.review_words(event.number, event.review)
    asked = revisions.of_review(mine, words, event.actor)

    def start() -> Effect | None:
        if not asked["asked"]:
            return None
        return _go_on(who, parent, asked, f"{code(event.actor)} requested changes")

    _once(link, event, event.number, start)


def _answered(comment_id: int, comments: list[ReviewComment]) -> bool:
    return any(comment.reply_to == comment_id for comment in comments)


def _repair(link: RepositoryLink, host: HostingClient, event: ChecksFailed) -> None:
    runs = TaskRun.objects.for_workspace(link.workspace_id).filter(
        repository_id=link.pk, commit_sha=event.sha, pr_number__isnull=False
    )
    parent = runs.select_related("task__project", "created_by").order_by("-run_number").first()
    if parent is None or parent.pr_number is None or _is_done(link, event):
        return
    number = parent.pr_number
    checks = host.failed_checks(event.sha)
    if not checks:
        return
    repairs = revisions.repairs_before(parent)

    def start() -> Effect | None:
        names = ", ".join(code(check.name) for check in checks[:10])
        if repairs >= revisions.MAX_REPAIRS:
            return Effect(number, f"{names} still fails after {repairs} attempts to fix it. A person needs to look at it.")
        who = link_owner(link)  # failed checks have no author: the user who linked the repository
        if who is None:
            return None
        return _go_on(who, parent, revisions.of_checks(checks, event.sha), f"{names} failed")

    _once(link, event, number, start)


def _go_on(who: Principal, parent: TaskRun, asked: dict[str, object], why: str) -> Effect:
    run = services.revise_run(principal=who, run_id=parent.pk, revision=asked)
    assert parent.pr_number is not None
    return Effect(parent.pr_number, f"{why}: run #{run.run_number} is working on it.", parent.task)


def _sync_pull_request(link: RepositoryLink, host: HostingClient, event: PullRequestStateChanged) -> None:
    """Needs no key: the pull request's present state is read, so that a late event of closing can't undo a reopening."""
    run = revisions.latest_of(link, event.number)
    if run is None:
        return
    known = {"task_id": run.task_id, "workspace_id": link.workspace_id}
    state = host.pull_request(event.number).state
    if state == "open":
        services.reopen_task(**known)
    else:
        services.close_task(**known, merged=state == "merged", by=event.actor)


def _note_push(link: RepositoryLink, event: BranchPushed) -> None:
    """Records somebody else's commit on the branch of a live run, so that people see why its push will be refused."""
    runs = TaskRun.objects.for_workspace(link.workspace_id).filter(
        repository_id=link.pk, pr_number__isnull=False, branch_name=event.branch
    )
    live = runs.exclude(status__in=FINAL).order_by("-run_number").first()
    if live is None or runs.filter(commit_sha=event.sha).exists():
        return

    def note() -> None:
        with locked(live.pk) as run:
            if not run.is_final:
                data = {"branch_name": event.branch, "commit_sha": event.sha, "by": event.actor}
                said = f"{event.actor} pushed {event.sha[:10]} to {event.branch} during the run."
                event_log.record(run, "branch_moved", data, said)

    _once(link, event, 0, note)


def _revalidate(link: RepositoryLink) -> None:
    """Validates the repository again, which detects renames, transfers, archiving and lost permissions."""
    found = repositories.validate(workspace_id=link.workspace_id, link_id=link.pk)
    with transaction.atomic():
        locked = RepositoryLink.objects.for_workspace(link.workspace_id).select_for_update().get(pk=link.pk)
        repositories.refresh(link=locked, found=found)
