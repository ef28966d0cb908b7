"""Issues that are edited, labelled and told in another order, and what is done on them by people of different rights."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from runs import services
from runs.models import Approval, TaskRun
from runs.models.run_state import Status
from tasks.models import Task
from workspaces.models import AuditEntry

from ..conftest import Tenant
from .conversation import Story, newest, soon
from .test_issue_conversations import propose

EARLIER = timezone.now() - timedelta(minutes=10)


def stop(story: Story, tenant: Tenant) -> None:
    services.cancel_run(principal=tenant.principal, run_id=newest(story.link).pk)


def task_of(tenant: Tenant) -> Task:
    return Task.objects.for_workspace(tenant.workspace.pk).get()


def says_at(story: Story, issue: dict[str, Any], seconds: int, words: str = "/mgx plan", **text: str) -> None:
    """``seconds`` after EARLIER, however long the test takes."""
    at = (EARLIER + timedelta(seconds=seconds)).isoformat()
    story.says({**issue, **text, "updated_at": at}, words)


def test_an_older_text_that_comes_late_is_not_read(story: Story, tenant: Tenant) -> None:
    issue = story.issue("total() crashes on None")
    says_at(story, issue, 10, title="Third")
    stop(story, tenant)
    for late in ({"title": "First"}, {"title": "Second", "body": "Old."}):
        says_at(story, issue, 5, **late)
        stop(story, tenant)
        assert task_of(tenant).name == "Third"
    assert not any("present text counts" in said for said in story.comments(issue["number"]))
    # the same text told later makes what lies between old, too
    says_at(story, issue, 30, title="Third")
    stop(story, tenant)
    says_at(story, issue, 20, words="/mgx run", title="Between")
    stop(story, tenant)
    assert task_of(tenant).name == "Third"
    says_at(story, issue, 40, title="Fourth")
    assert task_of(tenant).name == "Fourth"
    # a comment without a time, and a time that somebody wrote over, count as new
    for number, known in enumerate((None, 5, "yesterday", "2999-01-01T00:00:00")):
        stop(story, tenant)
        task = task_of(tenant)
        Task.objects.for_workspace(tenant.workspace.pk).update(config={**task.config, "issue_changed_at": known})
        says_at(story, issue, 50 + number, title=f"Fifth {number}")
        assert task_of(tenant).name == f"Fifth {number}"


def test_an_edited_issue_is_read_by_run_and_retry_keeps_the_task(story: Story, tenant: Tenant) -> None:
    issue = story.issue("total() crashes on None")
    says_at(story, issue, 1)
    stop(story, tenant)
    says_at(story, issue, 2, words="/mgx run", body="Now with a list.")
    assert task_of(tenant).description.endswith("Now with a list.")
    assert newest(story.link).auto_approve
    # while that one works, nothing of it changes
    says_at(story, issue, 3, body="Another text.")
    assert "already working" in "".join(story.comments(issue["number"]))
    assert (task_of(tenant).runs_total, "Another" in task_of(tenant).description) == (2, False)
    stop(story, tenant)
    says_at(story, issue, 4, words="/mgx retry Mind the sign.", body="Another text.")
    assert (task_of(tenant).runs_total, "Another" in task_of(tenant).description) == (3, False)


def test_a_label_set_again_while_a_run_works_begins_no_second(story: Story, tenant: Tenant) -> None:
    issue = story.issue("total() crashes on None")
    for second, action in ((1, "labeled"), (2, "unlabeled"), (3, "labeled"), (4, "unlabeled"), (5, "labeled")):
        at = {**issue, "updated_at": soon(second)}
        story.send("issues", "octocat", times=2, action=action, issue=at, label={"name": "mgx"})
    assert task_of(tenant).runs_total == 1
    # nor does a label of another name, or ours that an account without rights sets after it has ended
    stop(story, tenant)
    for second, name, by in ((6, "mgx-later", "octocat"), (7, "mgx", "stranger")):
        at = {**issue, "updated_at": soon(second)}
        story.send("issues", by, action="labeled", issue=at, label={"name": name})
    assert task_of(tenant).runs_total == 1
    story.send("issues", "dev", action="labeled", issue={**issue, "updated_at": soon(8)}, label={"name": "MGX"})
    assert task_of(tenant).runs_total == 2


def test_an_approval_is_of_the_version_above_it_whatever_was_said_between(story: Story, tenant: Tenant) -> None:
    issue = story.issue("total() crashes on None")
    story.says(issue, "/mgx plan")
    run = newest(story.link)
    propose(run)
    story.say()
    path = f"/repos/{story.repo}/issues/{issue['number']}/comments"
    late = [story.github.api("POST", path, {"body": words}) for words in ("/mgx approve", "/mgx reject Use a set.")]
    story.says(issue, "/mgx reject Shorter, please.")
    run.refresh_from_db()
    assert run.status != Status.AWAITING_APPROVAL
    propose(run)
    for comment in late:  # while its second version is not even posted, and after
        story.send("issue_comment", "octocat", action="created", issue=issue, comment=comment)
        run.refresh_from_db()
        assert run.status == Status.AWAITING_APPROVAL
        story.say()
    story.says(issue, "Fine.")
    story.says(issue, "> Plan of run #1\n\n/mgx approve")
    run.refresh_from_db()
    assert run.status == Status.APPROVED
    assert [each.plan_version for each in Approval.objects.for_workspace(run.workspace_id).filter(run=run, approved=True)] == [
        2
    ]


def test_a_writer_s_rights_end_at_another_s_run(story: Story, tenant: Tenant) -> None:
    story.github.state.access[story.repo]["stranger"] = "write"
    issue = story.issue("total() crashes on None")
    story.says(issue, "/mgx plan", by="octocat")
    run = newest(story.link)
    propose(run)
    story.say()
    before = TaskRun.objects.for_workspace(run.workspace_id).count()
    for by in ("dev", "stranger"):
        for words in ("/mgx cancel", "/mgx approve", "/mgx reject", "/mgx reject Use a set."):
            story.says(issue, words, by=by)
            run.refresh_from_db()
            assert (run.status, by, words) == (Status.AWAITING_APPROVAL, by, words)
    refused = [said for said in story.comments(issue["number"]) if "failed:" in said]
    assert len(refused) == 8 and TaskRun.objects.for_workspace(run.workspace_id).count() == before
    # taking rights away, and giving them, counts at once
    story.github.state.access[story.repo]["octocat"] = "read"
    story.says(issue, "/mgx approve", by="octocat")
    run.refresh_from_db()
    assert run.status == Status.AWAITING_APPROVAL
    story.github.state.access[story.repo]["dev"] = "admin"
    story.says(issue, "/mgx approve", by="dev")
    run.refresh_from_db()
    assert run.status == Status.APPROVED
    story.github.state.access[story.repo].update(octocat="admin", dev="write")
    entries = AuditEntry.objects.for_workspace(run.workspace_id).filter(action="run.approved")
    assert [entry.detail["by"].split(" ")[0] for entry in entries] == ["account:dev"]
