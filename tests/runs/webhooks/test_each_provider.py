"""What happens on a hosting service has its effect on runs, whichever service it is: no module of `runs` knows one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.db.models.functions import Now

from repositories.hosting.base import PullRequestText
from repositories.hosting.registry import host_of
from repositories.models import RepositoryLink, WebhookDelivery
from runs.models import OutgoingComment, TaskRun
from runs.models.run_state import Status
from runs.notifications import replies
from runs.webhooks import processing
from tasks.models import Task
from tests.support.forges.base import SECRET, Delivered, Forge

from ..conftest import Tenant

LONG_AGO = datetime.now(UTC) - timedelta(days=31)


class Linked:
    """A repository on the service, linked to a tenant's project."""

    def __init__(self, forge: Forge, tenant: Tenant) -> None:
        self.forge, self.tenant, self.repo = forge, tenant, forge.repository(stranger="read")
        self.link = RepositoryLink.objects.create(
            workspace_id=tenant.workspace.pk, project=tenant.project, provider=forge.provider.name, is_primary=True,
            api_base_url=forge.api_url, repo_full_name=self.repo, clone_url=forge.clone_url(self.repo), default_branch="main",
            credential=forge.key("octocat"), webhook_secret=SECRET, connected_by=tenant.user,
        )  # fmt: skip
        self._sent = count(1)

    def tell(self, told: Delivered, *, by: str = "octocat", times: int = 2) -> None:
        """Delivers it several times, each as a delivery of its own, and processes them."""
        for _ in range(times):
            words = Delivered(told.kind, told.payload, by)
            answer = self.forge.deliver(self.link.pk, words, repo=self.repo, delivery=f"d-{next(self._sent)}")
            assert (answer.status_code, answer.json()) == (202, {"accepted": True})
        for row in WebhookDelivery.across_tenants.filter(processed_at=None):
            processing.process(row.pk)
            row.refresh_from_db()
            assert (row.processed_at is not None, row.error) == (True, "")

    def post_replies(self) -> None:
        OutgoingComment.across_tenants.filter(due_at__isnull=False).update(due_at=Now(), locked_until=None)
        while waiting := replies.waiting(100):
            for row_id in waiting:
                replies.post_reply(row_id)

    def pull_request(self) -> TaskRun:
        """One that a run of ours has made."""
        sha = self.forge.push(self.repo, "mgx/topic/run-1")
        host = host_of(self.link)
        assert host is not None
        pull = host.open_pull_request(PullRequestText("Topic", "The plan."), branch="mgx/topic/run-1", base="main", draft=False)
        task = self.tenant.task("topic", repository_id=self.link.pk, runs_total=1, status="completed")
        return TaskRun.objects.create(
            workspace_id=self.tenant.workspace.pk, project_id=self.tenant.project.pk, task=task, run_number=1,
            repository_id=self.link.pk, status=Status.COMPLETED, created_by=self.tenant.user, base_branch="main",
            branch_name="mgx/topic/run-1", commit_sha=sha, pr_number=pull.number,
        )  # fmt: skip

    def revision(self) -> str:
        """What the second run of the pull request's task is asked for."""
        run = TaskRun.objects.for_workspace(self.tenant.workspace.pk).get(run_number=2)
        return str((run.revision or {})["asked"])


@pytest.fixture
def linked(forge: Forge, tenant: Tenant) -> Linked:
    return Linked(forge, tenant)


def test_a_label_starts_a_run_and_a_command_ends_it(linked: Linked) -> None:
    forge, number = linked.forge, linked.forge.issue(linked.repo, "Crash")
    linked.tell(forge.labelled(number))
    task = Task.objects.for_workspace(linked.tenant.workspace.pk).get()
    assert (task.source, task.issue_number, task.name, task.runs_total) == (forge.provider.name, number, "Crash", 1)
    comment = forge.say(linked.repo, number, "/mgx cancel")
    linked.tell(forge.commented(number, comment, "/mgx cancel"))
    run = TaskRun.objects.for_workspace(linked.tenant.workspace.pk).get()
    assert run.status == Status.CANCELLED
    linked.post_replies()
    said, status = forge.comments(linked.repo, number)
    assert said == "/mgx cancel"
    assert status.startswith("**Run #1** ")
    assert re.search(r"`/mgx cancel` \w+ `octocat`: run #1 .*cancelled", status), status
    assert forge.reacted(linked.repo, comment) == {"octocat"}


def test_who_may_not_write_commands_nothing(linked: Linked) -> None:
    forge, number = linked.forge, linked.forge.issue(linked.repo, "Crash")
    for words in ("/mgx run", "I am octocat.\n/mgx plan"):
        linked.tell(forge.commented(number, forge.say(linked.repo, number, words, by="stranger"), words), by="stranger")
    linked.tell(forge.labelled(number), by="stranger")
    linked.tell(forge.commented(number, 9001, "/mgx run"), by="../octocat")
    assert not Task.across_tenants.exists()


def test_a_replay_of_long_ago_is_not_obeyed(linked: Linked) -> None:
    number = linked.forge.issue(linked.repo, "Crash")
    linked.tell(linked.forge.commented(number, 9001, "/mgx run", at=LONG_AGO))
    assert not Task.across_tenants.exists()


def test_a_review_is_a_revision_of_what_it_says(linked: Linked) -> None:
    forge, run = linked.forge, linked.pull_request()
    assert run.pr_number is not None
    remark = forge.remark(linked.repo, run.pr_number, run.commit_sha, "shop/prices.py", 1, "Name it better.")
    review = forge.review(linked.repo, run.pr_number, run.commit_sha, "Say why.")
    linked.tell(forge.reviewed(run.pr_number, review, "Say why."), by="dev", times=1)
    linked.tell(forge.remarked(run.pr_number, remark, review=review), by="dev")
    assert "Say why." in linked.revision()
    assert "shop/prices.py:1: Name it better." in linked.revision()


def test_red_checks_are_a_repair_with_what_they_say(linked: Linked) -> None:
    forge, run = linked.forge, linked.pull_request()
    forge.check(linked.repo, run.commit_sha, "tests", red=True, output="1 failed: test_total")
    linked.tell(forge.checked(run.commit_sha, run.branch_name, red=True))
    assert "1 failed: test_total" in linked.revision()


@pytest.mark.parametrize(("merged", "status"), [(True, "completed"), (False, "cancelled")])
def test_the_end_of_a_pull_request_is_the_end_of_its_task(linked: Linked, merged: bool, status: str) -> None:
    forge, run = linked.forge, linked.pull_request()
    assert run.pr_number is not None
    (forge.merge if merged else forge.close)(linked.repo, run.pr_number)
    linked.tell(forge.closed(run.pr_number))
    run.task.refresh_from_db()
    assert (run.task.status, run.task.closed_at is not None) == (status, True)


def test_a_change_of_the_repository_has_it_looked_at(linked: Linked) -> None:
    linked.forge.archive(linked.repo)
    linked.tell(linked.forge.renamed())
    linked.link.refresh_from_db()
    assert linked.link.status == "error"
    assert "archived" in linked.link.last_error
