"""What a wish does. Each effect is written with the mark that it was done, so that no second delivery does it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from mgx_project.common.errors import MGXError, NotFound
from repositories import services as repositories
from repositories.hosting import Host
from repositories.hosting.port import Comment, ReviewComment
from repositories.models import RepositoryLink
from tasks.models import Task
from tasks.services import create_task, name_of
from workspaces.principal import Principal

from .. import revisions, services
from ..models import Handled, TaskRun
from ..models.run import FINAL
from .meaning import OURS, VERBS, Closed, Command, Issue, Labelled, LinkChanged, Red, Reviewed, Wish
from .visitors import connector, visitor


@dataclass(frozen=True)
class Effect:
    """What was done: ``text`` is said in the one comment about it on ``number``."""

    number: int
    text: str
    task: Task | None = None


def perform(link: RepositoryLink, host: Host, wish: Wish) -> Effect | None:
    """Does what is wished, once. None: it was done before, its account may not command, or there is nothing to say.

    Raises HostBusy, HostFailed and the like where it is worth trying again.
    """
    match wish:
        case LinkChanged():
            _look_again(link)
            return None
        case Closed():
            _close(link, wish)
            return None
        case Red():
            return _repair(link, host, wish)
        case _ if not _known(link, wish):
            return None
    who = visitor(link, host, wish.actor)
    if who is None:
        _once(link, wish, 0, lambda: None)
        return None
    match wish:
        case Labelled():
            return _once(link, wish, wish.issue.number, lambda: _start(link, who, wish.issue, auto_approve=False))
        case Command():
            return _once(link, wish, wish.issue.number, lambda: _obey(link, who, wish))
        case Reviewed():
            return _revise(link, host, who, wish)
    raise TypeError(f"{type(wish).__name__} has no effect")


def say(host: Host, effect: Effect) -> Comment:
    """One comment for each task, edited as it goes on."""
    return host.comment(effect.number, effect.text, marker=f"task-{effect.task.pk}" if effect.task else "answer")


def _known(link: RepositoryLink, wish: Wish) -> bool:
    return not Handled.objects.of(link.workspace_id).filter(link_id=link.pk, key=wish.key).exists()


def _once(link: RepositoryLink, wish: Wish, number: int, act: Callable[[], Effect | None]) -> Effect | None:
    """``act`` and its mark in one transaction; what it refuses is an answer too, on ``number``."""
    with transaction.atomic():
        _, new = Handled.objects.of(link.workspace_id).get_or_create(
            link_id=link.pk, key=wish.key, defaults={"workspace_id": link.workspace_id}
        )
        if not new:
            return None
        try:
            with transaction.atomic():
                return act()
        except MGXError as refused:
            return Effect(number, f"That did not work: {refused.detail} {refused.hint}".strip())


def _start(link: RepositoryLink, who: Principal, issue: Issue, *, auto_approve: bool) -> Effect:
    task = _task_of(link, issue) or _new_task(link, who, issue)
    live = TaskRun.objects.of(link.workspace_id).filter(task=task).exclude(status__in=FINAL).order_by("-run_number").first()
    if live is not None:
        return Effect(issue.number, f"Run #{live.run_number} is at work on this already: it is {live.status}.", task)
    run = services.create_run(principal=who, task_id=task.pk, auto_approve=auto_approve)
    then = "The plan is carried out as soon as it is made." if auto_approve else "The plan will be shown here for a decision."
    return Effect(issue.number, f"Run #{run.run_number} is planning. {then}", task)


def _task_of(link: RepositoryLink, issue: Issue) -> Task | None:
    tasks = Task.objects.of(link.workspace_id).filter(repository_id=link.pk)
    if issue.is_pull_request:
        run = revisions.latest_of(link, issue.number)
        return None if run is None else run.task
    found: Task | None = tasks.filter(issue_number=issue.number).first()
    return found


def _new_task(link: RepositoryLink, who: Principal, issue: Issue) -> Task:
    if issue.is_pull_request:
        raise NotFound("This pull request is none of mine; open an issue for what you want.")
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


def _obey(link: RepositoryLink, who: Principal, command: Command) -> Effect:
    issue, words = command.issue, command.words
    if command.verb in ("plan", "run"):
        return _start(link, who, issue, auto_approve=command.verb == "run")
    if command.verb == "":
        return Effect(issue.number, f"I know no such command. There are: {', '.join(f'`/mgx {verb}`' for verb in VERBS)}.")
    task = _task_of(link, issue)
    run = None if task is None else TaskRun.objects.of(link.workspace_id).filter(task=task).order_by("-run_number").first()
    if run is None:
        raise NotFound("There is no run here yet; `/mgx plan` makes one.")
    known = {"principal": who, "run_id": run.pk}
    match command.verb:
        case "approve":
            services.decide_plan(**known, approved=True, feedback=words)
            said = f"Run #{run.run_number} is approved and at work."
        case "reject":
            services.decide_plan(**known, approved=False, feedback=words)
            said = f"Run #{run.run_number} plans again." if words else f"Run #{run.run_number} is rejected."
        case "cancel":
            services.cancel_run(**known)
            said = f"Run #{run.run_number} is cancelled."
        case "resume":
            services.resume_run(**known, message=words)
            said = f"Run #{run.run_number} goes on."
        case "retry":
            said = f"Run #{services.retry_run(**known).run_number} is planning."
        case "steer":
            services.steer_run(**known, message=words)
            said = f"Run #{run.run_number} has heard it."
    return Effect(issue.number, said, task)


def _revise(link: RepositoryLink, host: Host, who: Principal, wish: Reviewed) -> Effect | None:
    parent = revisions.latest_of(link, wish.number)
    if parent is None:
        _once(link, wish, 0, lambda: None)
        return None
    ours = host.review_comments(wish.number)
    theirs = [comment for comment in ours if comment.author == wish.actor and OURS not in comment.body]
    mine = [comment for comment in theirs if not _answered(comment.id, ours)]
    asked = revisions.of_review(mine, wish.words, wish.actor)

    def start() -> Effect | None:
        if not asked["asked"]:
            return None
        return _go_on(who, parent, asked, f"@{wish.actor} asks for changes")

    return _once(link, wish, wish.number, start)


def _answered(comment_id: int, comments: list[ReviewComment]) -> bool:
    return any(comment.reply_to == comment_id for comment in comments)


def _repair(link: RepositoryLink, host: Host, wish: Red) -> Effect | None:
    runs = TaskRun.objects.of(link.workspace_id).filter(repository_id=link.pk, commit_sha=wish.sha, pr_number__isnull=False)
    parent = runs.select_related("task__project", "created_by").order_by("-run_number").first()
    if parent is None or parent.pr_number is None or not _known(link, wish):
        return None
    number = parent.pr_number
    checks = host.failed_checks(wish.sha)
    if not checks:
        return None
    repairs = revisions.repairs_before(parent)

    def start() -> Effect | None:
        names = ", ".join(check.name for check in checks)
        if repairs >= revisions.MAX_REPAIRS:
            said = f"{names} still fails after {repairs} repairs. A person must look at it."
            return Effect(number, said, parent.task)
        who = connector(link)  # nobody wishes for red checks: the repair is in the name of whoever linked the repository
        if who is None:
            return None
        return _go_on(who, parent, revisions.of_checks(checks, wish.sha), f"{names} has failed")

    return _once(link, wish, number, start)


def _go_on(who: Principal, parent: TaskRun, asked: dict[str, object], why: str) -> Effect:
    run = services.revise_run(principal=who, run_id=parent.pk, revision=asked)
    assert parent.pr_number is not None
    return Effect(parent.pr_number, f"{why}: run #{run.run_number} is at work on it.", parent.task)


def _close(link: RepositoryLink, wish: Closed) -> None:
    """Needs no mark: a pull request may be closed, opened again and merged, and the same end twice is one."""
    run = revisions.latest_of(link, wish.number)
    if run is not None:
        services.close_task(task_id=run.task_id, workspace_id=link.workspace_id, merged=wish.merged, by=wish.actor)


def _look_again(link: RepositoryLink) -> None:
    """Renames, transfers, archiving and lost rights all show when the repository is looked at."""
    found = repositories.validate(workspace_id=link.workspace_id, link_id=link.pk)
    with transaction.atomic():
        locked = RepositoryLink.objects.of(link.workspace_id).select_for_update().get(pk=link.pk)
        repositories.refresh(link=locked, found=found)
