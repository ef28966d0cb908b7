"""Failed checks of our commits lead to runs that repair them."""

from __future__ import annotations

from django.db import transaction

from repositories.hosting.base import HostingClient
from repositories.hosting.webhook_events import ChecksFailed
from repositories.models import RepositoryLink, WebhookDelivery
from tasks.models import Task

from .. import services
from ..lifecycle import revisions
from ..models import TaskRun
from ..models.run_state import RunOutcome
from ..notifications.pull_request_body import code
from .authorization import link_owner
from .effects import Effect, attempt, claim, is_done, once, say
from .waiting import has_waited, wait


def repair(link: RepositoryLink, host: HostingClient, event: ChecksFailed, delivery: WebhookDelivery) -> bool:
    """Only where the commit is still the head of an open pull request. Returns whether the delivery waits: a run of the task
    may be about to replace the commit."""
    runs = TaskRun.objects.for_workspace(link.workspace_id).filter(
        repository_id=link.pk, commit_sha=event.sha, pr_number__isnull=False
    )
    parent = runs.select_related("task__project", "created_by").order_by("-run_number").first()
    if parent is None or parent.pr_number is None or is_done(link, event.key):
        return False
    number = parent.pr_number
    pull = host.pull_request(number)
    if pull.state != "open" or pull.head_sha != event.sha:
        once(link, event, number, lambda: None)
        return False
    checks = host.failed_checks(event.sha)
    if not checks:
        return False
    repairs = revisions.repairs_before(parent)

    def start() -> Effect | None:
        names = ", ".join(code(check.name) for check in checks[:10])
        if repairs >= revisions.MAX_REPAIRS:
            return Effect(number, f"{names} still fails after {repairs} attempts to fix it. A person needs to look at it.")
        who = link_owner(link)  # failed checks have no author: the user who linked the repository
        if who is None:
            return None
        run = services.revise_run(principal=who, run_id=parent.pk, revision=revisions.of_checks(checks, event.sha))
        return Effect(number, f"{names} failed: run #{run.run_number} is working on it.", parent.task)

    with transaction.atomic():
        Task.objects.for_workspace(link.workspace_id).select_for_update().get(pk=parent.task_id)
        newest = TaskRun.objects.for_workspace(link.workspace_id).filter(task_id=parent.task_id).latest("run_number")
        if not newest.is_final:
            wait(delivery, parent.task_id)
            return True
        stopped = has_waited(delivery) and newest.state.outcome is not RunOutcome.SUCCEEDED
        if claim(link, event.key) and not stopped:
            say(link, event.key, attempt(number, event.actor, start))
    return False
