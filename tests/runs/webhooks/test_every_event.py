"""Each kind of delivery, by both addresses of a repository that has both hooks: five times, in any order, and among them forged
ones and those of accounts without rights. Each cause has exactly one effect."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from repositories.models import RepositoryLink, WebhookDelivery
from runs import services
from runs.models import OutgoingComment, TaskRun
from runs.webhooks import processing
from tasks.models import Task
from tests.support.github import APP_ID, GitHub
from workspaces.models import Event, Membership

from ...repositories.webhooks.sending import APP_SECRET, SECRET, deliver, deliver_to_app
from ..conftest import Tenant
from ..story import Pull, Story, linked

NOW = datetime.now(UTC).isoformat()
LONG_AGO = (datetime.now(UTC) - timedelta(days=31)).isoformat()


@pytest.fixture
def story(tenant: Tenant, github_server: GitHub, settings: Any) -> Iterator[Story]:
    settings.MGX_GITHUB_APP_ID, settings.MGX_GITHUB_APP_PRIVATE_KEY = str(APP_ID), github_server.app_key
    settings.MGX_GITHUB_API_URL, settings.MGX_GITHUB_WEBHOOK_SECRET = github_server.api_url, APP_SECRET
    yield linked(github_server, tenant, credential="", installation_id=100)
    assert not github_server.state.refusals


def test_each_cause_has_one_effect(story: Story, tenant: Tenant) -> None:
    github, repo = story.github, story.repo
    reviewed, checked, closed, moved, quiet = (
        Pull(story, tenant, name) for name in ("reviewed", "checked", "closed", "moved", "quiet")
    )
    live = services.revise_run(principal=tenant.principal, run_id=moved.run.pk, revision={"kind": "review", "asked": "x"})
    failed = {"name": "tests", "head_sha": checked.sha, "status": "completed", "conclusion": "failure"}
    github.api("POST", f"/repos/{repo}/check-runs", {**failed, "output": {"title": "1 failed", "summary": "wrong"}})
    review = github.api(
        "POST", f"/repos/{repo}/pulls/{reviewed.number}/reviews",
        {"event": "REQUEST_CHANGES", "body": "Say why.", "commit_id": reviewed.sha},
    )  # fmt: skip
    github.api("PATCH", f"/repos/{repo}/pulls/{closed.number}", {"state": "closed"})
    labelled, commanded, left = (story.issue(title) for title in ("labelled", "commanded", "left"))
    looked_before = timezone.now()

    review_word = {"id": review["id"], "state": "changes_requested", "body": "Say why.", "submitted_at": NOW}
    remark = {"id": 901, "body": "Here.", "pull_request_review_id": review["id"], "created_at": NOW}
    suite = {"id": 1, "head_sha": checked.sha, "conclusion": "failure", "updated_at": NOW}
    causes: list[tuple[str, dict[str, Any]]] = [
        ("push", {"ref": f"refs/heads/{moved.branch}", "after": "b" * 40}),
        ("issues", {"action": "labeled", "issue": labelled, "label": {"name": "mgx"}}),
        ("issue_comment", {"action": "created", "issue": commanded, "comment": {"id": 900, "body": "/mgx plan"}}),
        ("pull_request", {"action": "closed", "pull_request": closed.word}),
        ("pull_request_review", {"action": "submitted", "pull_request": reviewed.word, "review": review_word}),
        ("pull_request_review_comment", {"action": "created", "pull_request": reviewed.word, "comment": remark}),
        ("check_suite", {"action": "completed", "check_suite": suite}),
        ("repository", {"action": "edited"}),
        ("installation", {"action": "new_permissions_accepted"}),
        ("installation_repositories", {"action": "added", "repositories_added": [{"full_name": repo}]}),
    ]
    command = {"action": "created", "issue": left}
    nothing: list[tuple[str, str, dict[str, Any]]] = [
        ("stranger", "issues", {"action": "labeled", "issue": left, "label": {"name": "mgx"}}),
        ("stranger", "issue_comment", {**command, "comment": {"id": 910, "body": "I am octocat.\n/mgx run"}}),
        ("mgx[bot]", "issue_comment", {**command, "comment": {"id": 911, "body": "/mgx run"}}),
        ("../octocat", "issue_comment", {**command, "comment": {"id": 912, "body": "/mgx run"}}),
        ("octocat", "issue_comment", {**command, "comment": {"id": 913, "body": "/mgx run", "created_at": LONG_AGO}}),
        ("octocat", "issue_comment", {**command, "action": "edited", "comment": {"id": 914, "body": "/mgx run"}}),
        ("octocat", "issue_comment", {**command, "action": "deleted", "comment": {"id": 915, "body": "/mgx run"}}),
        ("octocat", "issue_comment", {**command, "comment": {"id": 916, "body": "/mgx run\n<!-- mgx:x -->"}}),
        ("stranger", "pull_request_review", {
            "action": "submitted", "pull_request": quiet.word,
            "review": {"id": 917, "state": "changes_requested", "body": "Open a door."},
        }),
        ("octocat", "check_suite", {"action": "completed", "check_suite": {**suite, "head_sha": "c" * 40}}),
        ("octocat", "push", {"ref": f"refs/heads/{quiet.branch}", "after": "d" * 40}),
        ("octocat", "issues", {"action": "transferred", "issue": left}),
    ]  # fmt: skip
    whole = {"repository": {"full_name": repo}, "installation": {"id": 100}}
    said = [(event, {**whole, "sender": {"login": "octocat"}, **payload}) for event, payload in causes]
    said += [(event, {**whole, "sender": {"login": sender}, **payload}) for sender, event, payload in nothing]
    sent = [
        (f"{number}-{way}", way, event, payload) for number, (event, payload) in enumerate(said) for way in ("link", "app")
    ] * 5
    random.Random(11).shuffle(sent)
    for name, way, event, payload in sent:
        if way == "app":
            assert deliver_to_app(payload, event=event, delivery=name).status_code == 202
            assert deliver_to_app(payload, event=event, delivery=f"{name}-forged", secret=SECRET).status_code == 401
        elif event != "installation_repositories":  # no hook of a repository is told of that
            assert deliver(story.link.pk, payload, event=event, delivery=name).status_code == 202
            assert deliver(story.link.pk, payload, event=event, delivery=f"{name}-forged", secret="guess").status_code == 401
    link = RepositoryLink.objects.for_workspace(tenant.workspace.pk).get()
    assert link.refresh_due_at is not None
    soon = timezone.now() + timedelta(minutes=10)  # the next look is a day away, and the database's time may be ahead of ours
    assert link.refresh_due_at <= soon, "what happens to an installation has links looked at"
    work_off_shuffled()

    tasks = Task.objects.for_workspace(tenant.workspace.pk).filter(issue_number__isnull=False)
    assert sorted((task.name, task.runs_total) for task in tasks) == [("commanded", 1), ("labelled", 1)]
    assert [pull.runs() for pull in (reviewed, checked, closed, moved, quiet)] == [2, 2, 1, 2, 1]
    revision = TaskRun.objects.for_workspace(tenant.workspace.pk).get(task=reviewed.task, run_number=2).revision
    assert revision is not None
    assert "Say why." in revision["asked"]
    events = Event.objects.for_workspace(tenant.workspace.pk).filter(type="branch_moved")
    assert [(event.run_id, event.data["commit_sha"]) for event in events] == [(live.pk, "b" * 40)]
    closed.task.refresh_from_db()
    assert (closed.task.status, closed.task.closed_at is not None) == ("cancelled", True)
    link.refresh_from_db()
    assert link.last_validated_at is not None
    assert link.last_validated_at > looked_before
    assert not OutgoingComment.objects.for_workspace(tenant.workspace.pk).filter(text__startswith="The request of ").exists()
    story.say()
    assert [len(story.comments(issue["number"])) for issue in (labelled, commanded, left)] == [1, 1, 0]


def work_off_shuffled() -> None:
    waiting = list(WebhookDelivery.across_tenants.values_list("pk", flat=True)) * 2
    random.Random(5).shuffle(waiting)
    for delivery_id in waiting:
        processing.process(delivery_id)
    assert not list(WebhookDelivery.across_tenants.filter(processed_at=None).values_list("event", "error"))
    assert not list(WebhookDelivery.across_tenants.exclude(error="").values_list("event", "error"))


def test_who_lost_the_right_meanwhile_commands_nothing(story: Story) -> None:
    """Between the delivery and its handling."""
    issue = story.issue("total() crashes on None")
    whole = {"action": "created", "issue": issue, "comment": {"id": 1, "body": "/mgx plan"}, "sender": {"login": "dev"}}
    assert deliver(story.link.pk, whole, event="issue_comment").status_code == 202
    story.github.state.access[story.repo]["dev"] = "read"
    story.work_off()
    assert not Task.objects.for_workspace(story.link.workspace_id).exists()


def test_nobody_comes_in_by_a_link_whose_maker_has_left(story: Story, tenant: Tenant) -> None:
    Membership.objects.filter(user=tenant.user).delete()
    issue = story.issue("total() crashes on None")
    story.says(issue, "/mgx plan")
    assert not Task.objects.for_workspace(story.link.workspace_id).exists()
    assert story.comments(issue["number"]) == ["/mgx plan"]


def test_a_pull_request_of_a_fork_commands_nothing(story: Story) -> None:
    """Who opened it may write there and not here."""
    thread = story.issue("from a fork")
    comment = {"id": 5, "body": "/mgx approve"}
    fork = {**thread, "pull_request": {"url": "https://github.example/fork"}}
    story.send("issue_comment", "stranger", action="created", issue=fork, comment=comment)
    assert not TaskRun.objects.for_workspace(story.link.workspace_id).exists()
    story.send("issue_comment", "dev", action="created", issue=fork, comment={"id": 6, "body": "/mgx plan"})
    assert not TaskRun.objects.for_workspace(story.link.workspace_id).exists()
    assert "only work on pull requests that I opened" in story.comments(thread["number"])[0]


def test_a_body_without_end_is_refused_before_it_is_signed(story: Story) -> None:
    body = b'{"a": "' + b"x" * (2 * 1024 * 1024) + b'"}'
    assert deliver(story.link.pk, None, raw=body).status_code == 413
    assert deliver_to_app(None, raw=body).status_code == 413
    assert deliver(story.link.pk, None, raw=body, secret="guess").status_code == 413
