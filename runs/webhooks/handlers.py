"""What a webhook event does. Each effect is written together with its idempotency key, so a redelivery has no effect."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction

from repositories import services as repositories
from repositories.hosting.base import HostedPullRequest, HostingClient
from repositories.hosting.webhook_events import (
    BranchPushed,
    ChecksFailed,
    CommentCommand,
    IssueLabelled,
    IssueUnlabelled,
    LinkChanged,
    PullRequestStateChanged,
    ReviewDismissed,
    ReviewSubmitted,
    WebhookEvent,
)
from repositories.models import RepositoryLink, WebhookDelivery
from workspaces.principal import Principal

from ..lifecycle import revisions
from . import issue_tasks, programs, pull_requests
from .authorization import principal_for_account
from .checks import repair
from .commands import STARTING, goes_on, run_command
from .effects import Effect, attempt, claim, is_done, once, say
from .issue_tasks import task_of
from .reviews import take_up
from .waiting import has_waited


def handle(link: RepositoryLink, host: HostingClient, event: WebhookEvent, delivery: WebhookDelivery) -> bool:
    """Performs the request of the event, once, if its account may. The reply is stored to be posted (`runs.notifications`).

    Returns whether the delivery waits for a run and is to be processed again (`runs.webhooks.waiting`). Raises HostBusy,
    HostFailed and the like if it is worth trying again.
    """
    match event:
        case LinkChanged():
            _revalidate(link)
        case PullRequestStateChanged():
            pull_requests.sync(link, host, event)
        case BranchPushed():
            pull_requests.note_push(link, event)
        case IssueUnlabelled():
            issue_tasks.unlabelled(link, event)
        case ReviewDismissed():
            once(link, event, 0, lambda: None)
        case ChecksFailed():
            return repair(link, host, event, delivery)
        case _ if has_waited(delivery) or not is_done(link, event.key):
            return _request(link, host, event, delivery)
    return False


def _request(link: RepositoryLink, host: HostingClient, event: WebhookEvent, delivery: WebhookDelivery) -> bool:
    """What an account asks for."""
    who = principal_for_account(link, host, event.actor)
    if who is None:
        once(link, event, 0, lambda: None)
        return False
    who = replace(who, is_program=event.by_program)
    match event:
        case IssueLabelled():
            issue_tasks.labelled(link, who, event)
        case CommentCommand():
            pull = _pull_of(link, host, event)
            _command(link, who, event, pull)
        case ReviewSubmitted():
            return take_up(link, host, who, event, delivery)
        case _:
            raise TypeError(f"{type(event).__name__} has no effect")
    return False


def _command(link: RepositoryLink, who: Principal, event: CommentCommand, pull: HostedPullRequest | None) -> None:
    with transaction.atomic():
        if not claim(link, event.key):
            return
        number = event.issue.number
        if event.verb in STARTING and (said := programs.refusal(link, who, task_of(link, event.issue))):
            say(link, programs.key_of(number), Effect(number, said))
            return
        say(link, event.key, attempt(number, event.actor, lambda: run_command(link, who, event, pull)))


def _pull_of(link: RepositoryLink, host: HostingClient, command: CommentCommand) -> HostedPullRequest | None:
    """The present state of the pull request of ours on which a command is to begin a run, or have one go on: what the delivery
    says may be old."""
    issue = command.issue
    if (number := goes_on(link, command)) is not None:
        return host.pull_request(number)
    if not issue.is_pull_request or command.verb not in STARTING or revisions.latest_of(link, issue.number) is None:
        return None
    return host.pull_request(issue.number)


def _revalidate(link: RepositoryLink) -> None:
    """Validates the repository again, which detects renames, transfers, archiving and lost permissions."""
    found = repositories.validate(workspace_id=link.workspace_id, link_id=link.pk)
    with transaction.atomic():
        locked = RepositoryLink.objects.for_workspace(link.workspace_id).select_for_update().get(pk=link.pk)
        repositories.refresh(link=locked, found=found)
