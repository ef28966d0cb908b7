"""What is said on issues, and by whom: labels, edits, late decisions, older pull requests, new links, visitors."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.utils import timezone

from mgx_project.common.errors import NotAllowed
from repositories import services as repositories
from repositories.hosting.provider import RepositoryRef
from repositories.validation import RepositoryState
from runs import services
from runs.lifecycle import worker_transitions
from runs.models import Approval, OutgoingComment, TaskRun
from runs.models.run_state import Status
from runs.webhooks.authorization import MAX_VISITOR, visitor
from tasks.models import Task
from tests.support.github import USERS
from workspaces.models import AuditEntry, Event, Membership, Role, User
from workspaces.principal import Principal

from ..conftest import Tenant
from .conversation import Conversation, Story, newest, soon

PLAN = {"summary": "First idea", "steps": [{"title": "Do it", "files": ["a.py"]}], "risks": [], "test_strategy": ""}


def propose(run: TaskRun, **plan: Any) -> None:
    """As a worker that has drafted a plan."""
    TaskRun.objects.for_workspace(run.workspace_id).filter(pk=run.pk).update(status=Status.PLANNING)
    draft = worker_transitions.PlanDraft({**PLAN, **plan}, "fastapi", 1.0, "low")
    worker_transitions.finish_planning(run.pk, run.fence, draft, prompt_version="1")


def end(run: TaskRun, **fields: Any) -> None:
    TaskRun.objects.for_workspace(run.workspace_id).filter(pk=run.pk).update(status=Status.DELIVERING, **fields)
    worker_transitions.complete(run.pk, run.fence, results={})


def labelled(story: Story, issue: dict[str, Any], second: int, by: str = "octocat") -> None:
    at = {**issue, "updated_at": soon(second)}
    story.send("issues", by, times=2, action="labeled", issue=at, label={"name": "mgx"})


def test_the_label_works_each_time_and_the_edited_issue_is_read(story: Story, tenant: Tenant) -> None:
    issue = story.issue("total() crashes on None")
    labelled(story, issue, 1, by="stranger")
    assert not Task.objects.for_workspace(tenant.workspace.pk).exists()
    labelled(story, issue, 2)  # the first one had no right, this one has
    task = Task.objects.for_workspace(tenant.workspace.pk).get()
    assert task.runs_total == 1
    services.cancel_run(principal=tenant.principal, run_id=newest(story.link).pk)
    labelled(story, issue, 2)
    labelled(story, issue, 3)
    task.refresh_from_db()
    assert (task.runs_total, task.description) == (2, "total() crashes on None\n\nIt crashes.")
    services.cancel_run(principal=tenant.principal, run_id=newest(story.link).pk)

    edited = {**issue, "title": "total() ignores None", "body": "It should not crash.", "updated_at": soon(4)}
    story.says(edited, "/mgx plan")
    task.refresh_from_db()
    assert (task.runs_total, task.name) == (3, "total() ignores None")
    assert task.description == "total() ignores None\n\nIt should not crash."
    assert any("its present text counts" in said for said in story.comments(issue["number"]))
    # an edit of the task stays as long as the issue is the same, and a run at work keeps what it began with
    Task.objects.for_workspace(tenant.workspace.pk).update(description="Edited here.")
    story.says({**edited, "title": "Another"}, "/mgx plan")
    services.cancel_run(principal=tenant.principal, run_id=newest(story.link).pk)
    labelled(story, edited, 5)
    task.refresh_from_db()
    assert (task.runs_total, task.description) == (4, "Edited here.")


@pytest.mark.parametrize("told", list(permutations(("opened", "labeled"))))
def test_an_issue_that_is_opened_with_the_label_is_one_cause(story: Story, tenant: Tenant, told: tuple[str, ...]) -> None:
    """However long after the opening the label is told, and whichever comes first."""
    issue = {**story.issue("total() crashes on None"), "labels": [{"name": "MGX"}]}
    at = {"opened": 1, "labeled": 9}

    def tell(action: str, second: int, by: str = "octocat") -> int:
        told = {**issue, "updated_at": soon(second)}
        story.send("issues", by, times=2, action=action, issue=told, label={"name": "mgx"})
        task = Task.objects.for_workspace(tenant.workspace.pk).first()
        run = None if task is None else newest(story.link)
        if run is not None and not run.is_final:
            services.cancel_run(principal=tenant.principal, run_id=run.pk)
        return 0 if task is None else task.runs_total

    assert [tell(action, at[action]) for action in told] == [1, 1]
    assert tell("unlabeled", 20, by="stranger") == 1
    assert tell("labeled", 21) == 2, "it was taken off in between"
    assert tell("opened", at["opened"]) == 2
    assert tell("labeled", 22) == 3


def test_a_label_after_an_opening_without_right_or_taken_off_at_once_is_a_cause(story: Story, tenant: Tenant) -> None:
    runs = TaskRun.objects.for_workspace(tenant.workspace.pk)

    def tell(issue: dict[str, Any], action: str, second: int, by: str) -> int:
        labels = {"labels": [{"name": "mgx"}], "updated_at": soon(second)}
        story.send("issues", by, action=action, issue={**issue, **labels}, label={"name": "mgx"})
        return runs.count()

    template = story.issue("A form sets the label")
    steps = (("opened", "stranger"), ("labeled", "stranger"), ("unlabeled", "octocat"), ("labeled", "octocat"))
    assert [tell(template, action, at, by) for at, (action, by) in enumerate(steps)] == [0, 0, 0, 1]
    silent = story.issue("Its label was told with the opening alone")
    assert tell(silent, "opened", 1, "octocat") == 2
    services.cancel_run(principal=tenant.principal, run_id=runs.get(task__issue_number=silent["number"]).pk)
    assert [tell(silent, action, at, "octocat") for action, at in (("unlabeled", 2), ("labeled", 3))] == [2, 3]


def test_a_decision_is_about_the_plan_that_its_author_saw(story: Story, tenant: Tenant) -> None:
    issue = story.issue("total() crashes on None")
    story.says(issue, "/mgx plan")
    run = newest(story.link)
    propose(run)
    path = f"/repos/{story.repo}/issues/{issue['number']}/comments"

    def decide(comment: dict[str, Any]) -> TaskRun:
        story.send("issue_comment", "octocat", action="created", issue=issue, comment=comment)
        run.refresh_from_db()
        return run

    unseen = story.github.api("POST", path, {"body": "/mgx approve"})
    assert decide(unseen).status == Status.AWAITING_APPROVAL, "its plan was not even posted"
    story.say()
    late = story.github.api("POST", path, {"body": "/mgx approve"})
    harsh = story.github.api("POST", path, {"body": "/mgx reject"})
    services.edit_plan(principal=tenant.principal, run_id=run.pk, plan={**PLAN, "summary": "Second idea"})
    story.say()
    for comment in (late, harsh):
        assert decide(comment).status == Status.AWAITING_APPROVAL
    said = [text for text in story.comments(issue["number"]) if "request of `octocat` failed" in text]
    assert [text.count("Version 2 of the plan of run #1 stands") for text in said[-2:]] == [1, 1]
    # a comment that was posted before ids were kept is judged by its time
    posted = OutgoingComment.objects.for_workspace(tenant.workspace.pk).filter(key=f"plan:{run.pk}:2")
    posted.update(comment_id=None)
    early = (timezone.now() - timedelta(hours=1)).isoformat()
    assert decide({"id": 5, "body": "/mgx approve", "created_at": early}).status == Status.AWAITING_APPROVAL
    story.says(issue, "/mgx approve")
    run.refresh_from_db()
    assert (run.status, Approval.objects.for_workspace(run.workspace_id).get(run=run).plan_version) == (Status.APPROVED, 2)


def test_a_decision_for_another_run_decides_nothing(story: Story, tenant: Tenant) -> None:
    issue = story.issue("total() crashes on None")
    story.says(issue, "/mgx plan")
    propose(newest(story.link))
    story.say()
    late = story.github.api("POST", f"/repos/{story.repo}/issues/{issue['number']}/comments", {"body": "/mgx approve"})
    services.cancel_run(principal=tenant.principal, run_id=newest(story.link).pk)
    story.says(issue, "/mgx plan")
    propose(newest(story.link))
    story.say()
    story.send("issue_comment", "octocat", action="created", issue=issue, comment=late)
    assert (newest(story.link).run_number, newest(story.link).status) == (2, Status.AWAITING_APPROVAL)


def test_a_task_follows_its_newest_pull_request(story: Story, tenant: Tenant) -> None:
    talk = Conversation(story, tenant)
    task, old = talk.pull.task, talk.pull.number
    sha = story.github.push(story.repo, {"again.md": "x\n"}, "again", branch="mgx/topic/run-2")
    wanted = {"title": "again", "head": "mgx/topic/run-2", "base": "main"}
    new = story.github.api("POST", f"/repos/{story.repo}/pulls", wanted)["number"]
    second = services.retry_run(principal=tenant.principal, run_id=talk.pull.run.pk)
    end(second, pr_number=new, branch_name="mgx/topic/run-2", commit_sha=sha, repository_id=story.link.pk)
    third = services.retry_run(principal=tenant.principal, run_id=second.pk)

    def state() -> tuple[str, bool, str]:
        task.refresh_from_db()
        third.refresh_from_db()
        return task.status, task.closed_at is not None, third.status

    story.close(old, state="closed")
    assert state() == ("running", False, "queued"), "the newer one is open"
    story.close(new, state="closed")
    assert state() == ("cancelled", True, "cancelled")
    story.close(old, state="open")
    assert state()[1] is False, "there is one to merge again"
    story.close(old, merged=True)
    assert state()[:2] == ("completed", True)
    # a run that was begun after the merge is not ended by a delivery that comes again
    TaskRun.objects.for_workspace(task.workspace_id).filter(pk=third.pk).update(status=Status.CANCELLED)
    fourth = services.create_run(principal=tenant.principal, task_id=task.pk)
    TaskRun.objects.for_workspace(task.workspace_id).filter(pk=fourth.pk).update(
        created_at=timezone.now() + timedelta(seconds=5)
    )
    pull = {"number": old, "state": "closed", "merged": True}
    story.send("pull_request", "octocat", action="closed", pull_request=pull)
    fourth.refresh_from_db()
    assert (fourth.status, state()[1]) == (Status.QUEUED, False)


def test_old_issues_find_their_runs_by_a_new_link(story: Story, tenant: Tenant) -> None:
    issue, other = story.issue("total() crashes on None"), story.issue("Another")
    story.says(issue, "/mgx plan")
    story.says(other, "/mgx plan")
    old = story.link
    run = TaskRun.objects.for_workspace(tenant.workspace.pk).get(task__issue_number=other["number"])
    named = RepositoryRef("github", old.clone_url, old.repo_full_name, USERS["octocat"], old.api_base_url)
    seen = RepositoryState("main", {"read": True}, old.repo_full_name, host_id="7")
    repositories.disconnect(principal=tenant.principal, link=old)
    link, made = repositories.connect(
        principal=tenant.principal, project_id=tenant.project.pk, named=named, seen=seen, is_primary=None
    )
    assert made and link.pk != old.pk
    link.webhook_secret = "a webhook secret"
    link.save()
    story.link = link
    story.says(issue, "/mgx cancel")
    assert not any("no run here yet" in said or "no run for this thread" in said for said in story.comments(issue["number"]))
    first = TaskRun.objects.for_workspace(tenant.workspace.pk).get(task__issue_number=issue["number"])
    assert (first.status, first.task.repository_id) == (Status.CANCELLED, link.pk)
    story.says(issue, "/mgx plan")
    assert Task.objects.for_workspace(tenant.workspace.pk).count() == 2
    run.task.refresh_from_db()
    assert (run.task.repository_id, run.task.runs_total) == (link.pk, 1)

    # another repository that has the name now is not the one from before
    repositories.disconnect(principal=tenant.principal, link=link)
    stranger, _ = repositories.connect(
        principal=tenant.principal, project_id=tenant.project.pk, named=named, is_primary=None,
        seen=RepositoryState("main", {"read": True}, old.repo_full_name, host_id="8"),
    )  # fmt: skip
    assert not Task.objects.for_workspace(tenant.workspace.pk).filter(repository_id=stranger.pk).exists()


def test_visitors_are_people_of_their_own(story: Story, tenant: Tenant) -> None:
    story.github.state.access[story.repo]["stranger"] = "write"
    issue = story.issue("total() crashes on None")
    server = f"github at {story.github.url.partition('://')[2]}"

    def cancels(by: str) -> bool:
        story.says(issue, "/mgx cancel", by=by)
        return newest(story.link).status == Status.CANCELLED

    story.says(issue, "/mgx plan", by="octocat")  # an administrator
    run = newest(story.link)
    assert (run.created_by_id, run.account, run.task.created_by_id) == (None, f"octocat ({server})", None)
    assert not cancels("dev") and not cancels("stranger")
    said = [text for text in story.comments(issue["number"]) if "request of `dev` failed" in text]
    assert "requires the role admin" in said[0]
    assert cancels("octocat")

    story.says(issue, "/mgx plan", by="dev")
    assert newest(story.link).account == f"dev ({server})"
    assert not cancels("stranger"), "a write-only account, on another one's run"
    assert cancels("dev"), "its own"

    story.says(issue, "/mgx plan", by="dev")
    run = newest(story.link)
    propose(run)
    story.say()
    story.says(issue, "/mgx approve", by="octocat")
    run.refresh_from_db()
    assert run.status == Status.APPROVED
    assert Approval.objects.for_workspace(run.workspace_id).get(run=run).decided_by_id is None
    entry = AuditEntry.objects.for_workspace(run.workspace_id).get(action="run.approved")
    assert (entry.user_id, entry.detail["by"]) == (None, f"account:octocat ({server})")

    # who linked the repository owns nothing of theirs, and they own nothing of theirs; nobody got a way to sign in
    linker = Principal(user=tenant.user, workspace_id=tenant.workspace.pk, role=Role.DEVELOPER)
    with pytest.raises(NotAllowed):
        services.cancel_run(principal=linker, run_id=run.pk)
    services.cancel_run(principal=tenant.principal, run_id=run.pk)
    services.create_run(principal=tenant.principal, task_id=run.task_id)
    assert not cancels("dev")
    assert (User.objects.count(), Membership.objects.count()) == (1, 1)


def test_the_same_name_on_two_servers_is_two_people(story: Story, tenant: Tenant) -> None:
    issue = story.issue("total() crashes on None")
    story.says(issue, "/mgx plan", by="dev")
    run, link = newest(story.link), story.link

    def person(api: str, name: str = "dev") -> str:
        link.api_base_url = api
        return visitor(link, name)

    here = link.api_base_url
    assert person(here) == run.account
    assert person("https://api.github.com") == person("https://API.github.com:443/") == "dev (github)"
    assert person("https://git.example.com/api/v3") == "dev (github at git.example.com)"
    assert person("https://git.example.com:443/api/v3") == person("https://git.example.com/api/v3")
    long = [f"https://{'a' * 60}.{'b' * 60}.{'c' * 60}.example{number}.com/api/v3" for number in range(2)]
    others = [person(api) for api in ("https://git.example.com:8443", "https://github/api/v3", "http://dev/api/v3", *long)]
    others += [person("https://git.example.com", name) for name in ("deve", "x" * 200, "x" * 201)]
    assert len({*others, run.account, "dev (github)"}) == len(others) + 2
    assert max(map(len, others)) <= MAX_VISITOR
    stranger = Principal(tenant.user, tenant.workspace.pk, Role.DEVELOPER, account=person("https://git.example.com/api/v3"))
    with pytest.raises(NotAllowed):
        services.cancel_run(principal=stranger, run_id=run.pk)


def test_what_is_approved_in_advance_is_approved_by_the_visitor(story: Story, tenant: Tenant) -> None:
    issue = story.issue("total() crashes on None")
    story.says(issue, "/mgx run")
    run = newest(story.link)
    propose(run)
    approval = Approval.objects.for_workspace(run.workspace_id).get(run=run)
    assert (approval.automatic, approval.decided_by_id) == (True, None)
    assert Event.objects.for_workspace(run.workspace_id).get(type="approved").data["by"] == visitor(story.link, "octocat")
