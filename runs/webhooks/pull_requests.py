"""What becomes of our pull requests and branches: the task follows its pull request, and pushes of others are noted."""

from __future__ import annotations

from repositories.hosting.base import HostedPullRequest, HostingClient
from repositories.hosting.webhook_events import BranchPushed, PullRequestStateChanged
from repositories.models import RepositoryLink

from .. import services
from ..events import event_log
from ..lifecycle import revisions
from ..lifecycle.base import locked
from ..models import TaskRun
from ..models.run_state import FINAL
from .effects import once

MAX_LOOKED_AT = 10
"""Pull requests of one task that are asked for, the newest."""


def sync(link: RepositoryLink, host: HostingClient, event: PullRequestStateChanged) -> None:
    """Needs no key: present states are read, so that a late event of closing can't undo a reopening."""
    run = revisions.latest_of(link, event.number)
    if run is None:
        return
    known = {"task_id": run.task_id, "workspace_id": link.workspace_id}
    pull = _decisive(host, _numbers(run))
    if pull.state == "open":
        services.reopen_task(**known)
    else:
        services.close_task(**known, merged=pull.state == "merged", by=event.actor, closed_at=pull.closed_at)


def _numbers(run: TaskRun) -> list[int]:
    """The pull requests of the run's task, the newest first."""
    runs = TaskRun.objects.for_workspace(run.workspace_id).filter(task_id=run.task_id, repository_id=run.repository_id)
    found = runs.filter(pr_number__isnull=False).order_by("-pr_number").values_list("pr_number", flat=True).distinct()
    return [number for number in found[:MAX_LOOKED_AT] if number is not None]


def _decisive(host: HostingClient, numbers: list[int]) -> HostedPullRequest:
    """The one that the task follows: the newest, unless that was closed without a merge and an older one is open or merged."""
    newest = pull = host.pull_request(numbers[0])
    others: list[HostedPullRequest] = []
    for number in numbers[1:] if newest.state == "closed" else ():
        pull = host.pull_request(number)
        if pull.state == "open":
            return pull
        others.append(pull)
    return next((other for other in others if other.state == "merged"), newest)


def note_push(link: RepositoryLink, event: BranchPushed) -> None:
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

    once(link, event, 0, note)
