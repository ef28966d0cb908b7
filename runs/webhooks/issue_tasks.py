"""The task of an issue or of a pull request of ours, and runs that are started for it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from mgx_project.common.errors import NotFound
from repositories.hosting.webhook_events import IssueLabelled, IssueThread, IssueUnlabelled
from repositories.models import RepositoryLink
from tasks.models import Task
from tasks.services import create_task, name_of
from workspaces.principal import Principal

from .. import services
from ..lifecycle import revisions
from ..models import ProcessedWebhook, TaskRun
from ..models.run_state import FINAL
from ..notifications.pull_request_body import code
from . import programs
from .effects import Effect, attempt, claim, is_done, say

DIGEST = "issue_digest"
"""In ``Task.config``: of the issue's text when it was read last, to tell an edited issue from an edited task."""
CHANGED = "issue_changed_at"
"""In ``Task.config``: the service's time of that text's issue."""


def labelled(link: RepositoryLink, who: Principal, event: IssueLabelled) -> None:
    """A label on a pull request of ours does not create a task: the project may add it to all pull requests."""
    number = event.issue.number

    def begin() -> Effect:
        effect = start(link, who, event.issue, auto_approve=False)
        return replace(effect, text=f"Label added by {code(event.actor)}: {effect.text}")

    with transaction.atomic():
        if not claim(link, event.key) or _is_told_twice(link, event):
            return
        if revisions.latest_of(link, number) is not None:
            return
        if said := programs.refusal(link, who, task_of(link, event.issue)):
            say(link, programs.key_of(number), Effect(number, said))
            return
        say(link, event.key, attempt(number, event.actor, begin))


def unlabelled(link: RepositoryLink, event: IssueUnlabelled) -> None:
    """Whoever did it: the label can be set again."""
    with transaction.atomic():
        if claim(link, event.key):
            claim(link, f"label:{event.issue.number}:changed")


def _is_told_twice(link: RepositoryLink, event: IssueLabelled) -> bool:
    """A label that an issue is opened with may be told as set, too, before or after. A label can't be set twice without being
    taken off in between, so of an issue that was begun on because it was opened with it, the first change told is that one."""
    number = event.issue.number
    opening, changed = f"label:{number}:opening", f"label:{number}:changed"
    claim(link, f"label:{number}")
    ProcessedWebhook.objects.for_workspace(link.workspace_id).select_for_update().get(link_id=link.pk, key=f"label:{number}")
    if event.with_opening:
        return is_done(link, changed) or not claim(link, opening)
    return claim(link, changed) and is_done(link, opening)


def start(link: RepositoryLink, who: Principal, issue: IssueThread, *, auto_approve: bool) -> Effect:
    task = task_of(link, issue) or _new_task(link, who, issue)
    runs = TaskRun.objects.for_workspace(link.workspace_id).filter(task=task)
    live = runs.exclude(status__in=FINAL).order_by("-run_number").first()
    if live is not None:
        return Effect(issue.number, f"run #{live.run_number} is already working on this ({live.status}).", task)
    said = _read_again(task, issue)
    run = services.create_run(principal=who, task_id=task.pk, auto_approve=auto_approve)
    then = (
        "The plan will be executed without waiting for approval."
        if auto_approve
        else "The plan will be posted here for approval."
    )
    return Effect(issue.number, f"run #{run.run_number} is planning. {said}{then}", task)


def task_of(link: RepositoryLink, issue: IssueThread) -> Task | None:
    tasks = Task.objects.for_workspace(link.workspace_id).filter(repository_id=link.pk)
    if issue.is_pull_request:
        run = revisions.latest_of(link, issue.number)
        return None if run is None else run.task
    found: Task | None = tasks.filter(issue_number=issue.number).first()
    return found


def _new_task(link: RepositoryLink, who: Principal, issue: IssueThread) -> Task:
    if issue.is_pull_request:
        raise NotFound("I can only work on pull requests that I opened. Open an issue instead.")
    text = _text(issue)
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
        config=_read_at(issue, {DIGEST: _digest(text)}),
    )


def _read_again(task: Task, issue: IssueThread) -> str:
    """Gives the task the text of an issue that was edited since it was read. A text that was edited here stays as long as the
    issue's does. Returns the sentence to say."""
    text = _text(issue)
    known, config = task.config.get(DIGEST), _read_at(issue, task.config)
    if issue.is_pull_request or not issue.title or _is_older(issue, task):
        return ""
    if known == _digest(text) or (known is None and task.description == text):
        if config != task.config:
            task.config = config
            task.save(update_fields=["config", "updated_at"])
        return ""
    task.name, task.description, task.config = name_of(text), text, {**config, DIGEST: _digest(text)}
    task.save(update_fields=["name", "description", "config", "updated_at"])
    return "The issue was edited since it was read last: its present text counts. "


def _read_at(issue: IssueThread, config: dict[str, Any]) -> dict[str, Any]:
    return config if issue.changed_at is None else {**config, CHANGED: issue.changed_at.isoformat()}


def _is_older(issue: IssueThread, task: Task) -> bool:
    """Whether the delivery was late: its text is older than the one that was read."""
    if issue.changed_at is None:
        return False
    try:
        return issue.changed_at < datetime.fromisoformat(task.config[CHANGED])
    except (KeyError, TypeError, ValueError):  # read without a time, or people have written there
        return False


def _text(issue: IssueThread) -> str:
    return f"{issue.title}\n\n{issue.body}".strip() or f"Issue #{issue.number}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
