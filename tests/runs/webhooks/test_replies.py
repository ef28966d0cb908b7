"""What is to be said is said once, whatever happens between the effect and the comment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from mgx_project.common import clock
from runs import services
from runs.lifecycle import worker_transitions
from runs.lifecycle.self_resume import resume_unchanged
from runs.models import OutgoingComment, TaskRun
from runs.models.outgoing_comment import GIVEN_UP
from runs.models.run_state import Status
from runs.notifications import replies
from runs.reaper import Reaper
from runs.webhooks import processing
from tests.support.github import GitHub

from ...repositories.webhooks.sending import deliver
from ..conftest import Tenant, make_tenant
from ..story import Story, linked, newest


def said(story: Story, number: int) -> list[str]:
    """What stands in the thread, without saying what is owed."""
    comments = story.github.api("GET", f"/repos/{story.repo}/issues/{number}/comments")
    return [comment["body"] for comment in comments if "<!-- mgx:" in comment["body"]]


def test_a_limit_between_the_effect_and_the_comment(story: Story) -> None:
    issue = story.issue("total() crashes on None")
    story.send("issues", "octocat", action="labeled", issue=issue, label={"name": "mgx"})
    story.github.refuse(status=403, message="You have exceeded a secondary rate limit.", headers={"Retry-After": "7"})
    (row_id,) = replies.waiting(10)
    replies.post_reply(row_id)
    assert not said(story, issue["number"])
    row = OutgoingComment.across_tenants.get(pk=row_id)
    assert (row.sent_at, row.attempts, row.locked_until) == (None, 1, None)
    assert row.due_at is not None
    assert replies.waiting(10) == [], "it is not due yet"
    OutgoingComment.across_tenants.update(due_at=Now())
    assert Reaper(capacity=8).sweep() >= 1
    for _ in range(2):
        replies.post_reply(row_id)
    (status,) = said(story, issue["number"])
    assert "**Run #1** is waiting for a worker." in status
    assert TaskRun.objects.for_workspace(story.link.workspace_id).count() == 1


def test_a_process_killed_before_it_said_it(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the effect, and again after the comment and before its note: there is one effect, and one comment."""
    issue = story.issue("total() crashes on None")
    story.says(issue, "/mgx frobnicate")
    (row_id,) = replies.waiting(10)

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    for name in ("_post", "_mark_posted"):
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(replies, name, die)
            replies.post_reply(row_id)
        assert not replies.waiting(10), "held by who died"
        OutgoingComment.across_tenants.update(locked_until=None)
    replies.post_reply(row_id)
    (answer,) = said(story, issue["number"])
    assert "Unknown command `/mgx frobnicate`" in answer
    assert "`/mgx help`" in answer
    assert not replies.waiting(10)


def test_a_delivery_of_a_killed_worker_is_taken_again(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    issue = story.issue("total() crashes on None")
    comment = {"id": 4711, "body": "/mgx plan"}
    whole = {"action": "created", "issue": issue, "comment": comment, "sender": {"login": "octocat"}}
    assert deliver(story.link.pk, whole, event="issue_comment").status_code == 202
    processing.WebhookDelivery.across_tenants.update(next_try_at=None)
    (delivery_id,) = processing.WebhookDelivery.across_tenants.values_list("pk", flat=True)

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(processing, "handle", die)
        processing.process(delivery_id)
    processing.process(delivery_id)
    assert not TaskRun.across_tenants.exists(), "held by who died"
    processing.WebhookDelivery.across_tenants.update(next_try_at=None)
    for _ in range(3):
        processing.process(delivery_id)
    assert TaskRun.across_tenants.count() == 1


def test_who_is_refused_for_good_is_asked_a_few_times(story: Story) -> None:
    issue = story.issue("total() crashes on None")
    story.says(issue, "/mgx help")
    (row_id,) = replies.waiting(10)
    for _ in range(6):
        story.github.refuse(status=403, message="Resource not accessible by personal access token")
        OutgoingComment.across_tenants.update(due_at=Now())
        replies.post_reply(row_id)
    assert OutgoingComment.across_tenants.get(pk=row_id).due_at is None
    assert not said(story, issue["number"])


def test_what_only_the_status_comment_tells_was_not_given_up(story: Story) -> None:
    issue = story.issue("total() crashes on None")
    story.send("issues", "octocat", action="labeled", issue=issue, label={"name": "mgx"})
    story.say()
    assert len(said(story, issue["number"])) == 1
    assert OutgoingComment.across_tenants.filter(due_at=None, sent_at=None).exists()
    assert not OutgoingComment.across_tenants.filter(GIVEN_UP).exists()


def test_what_changes_while_it_is_said_is_said_after(story: Story, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    issue = story.issue("total() crashes on None")
    story.send("issues", "octocat", action="labeled", issue=issue, label={"name": "mgx"})
    run = newest(story.link)
    utter = replies._post

    def slowly(host: Any, row: OutgoingComment) -> None:
        utter(host, row)
        services.cancel_run(principal=tenant.principal, run_id=run.pk)

    (row_id,) = replies.waiting(10)
    with monkeypatch.context() as patched:
        patched.setattr(replies, "_post", slowly)
        replies.post_reply(row_id)
    (status,) = said(story, issue["number"])
    assert "is waiting for a worker" in status
    story.say()
    (status,) = said(story, issue["number"])
    assert "**Run #1** was cancelled." in status


def test_a_command_is_seen_to_be_heard(story: Story) -> None:
    issue = story.issue("total() crashes on None")
    comment = story.says(issue, "/mgx plan")
    story.say()
    assert story.github.state.reactions[story.repo, comment["id"]] == {("octocat", "eyes")}
    (status,) = said(story, issue["number"])
    assert "`/mgx plan` by `octocat`: run #1 is planning" in status


def test_two_tenants_of_one_repository_do_not_speak_for_each_other(story: Story, github_server: GitHub) -> None:
    """Each has its own task, and comments that the other never edits."""
    umbrella = make_tenant("umbrella")
    other = linked(github_server, umbrella, story.repo, webhook_secret="another secret")
    issue = story.issue("total() crashes on None")
    for body in ("/mgx help", "/mgx plan"):
        path = f"/repos/{story.repo}/issues/{issue['number']}/comments"
        comment = github_server.api("POST", path, {"body": body})
        whole = {"action": "created", "issue": issue, "comment": comment, "sender": {"login": "octocat"}}
        for one, secret in ((story, "a webhook secret"), (other, "another secret")):
            options = {"event": "issue_comment", "delivery": f"d-{body}", "secret": secret}
            assert deliver(one.link.pk, whole, **options).status_code == 202
            one.work_off()
    services.cancel_run(principal=umbrella.principal, run_id=newest(other.link).pk)
    story.say()
    found = said(story, issue["number"])
    assert len(found) == 4
    assert sum("was cancelled" in text for text in found) == 1
    assert sum("is waiting for a worker" in text for text in found) == 1
    assert len({text[text.index("<!-- mgx:") :] for text in found}) == 4


def test_what_is_due_at_one_moment_is_said_as_it_was_queued(story: Story) -> None:
    """The database gives rows of one moment in any order, such as that in which it found room for them."""
    issue, now = story.issue("total() crashes on None"), clock.now()
    for number in (3, 1, 4, 2, 5):
        row = OutgoingComment.across_tenants.create(
            workspace_id=story.link.workspace_id, link_id=story.link.pk, key=f"k{number}", number=issue["number"],
            text=f"{number}.", due_at=now,
        )  # fmt: skip
        OutgoingComment.across_tenants.filter(pk=row.pk).update(created_at=now - timedelta(seconds=9 - number))
    story.say()
    assert [text.partition("\n")[0] for text in said(story, issue["number"])] == ["1.", "2.", "3.", "4.", "5."]


def test_a_run_that_is_paused_and_goes_on_by_itself_again_and_again_says_so_once(story: Story) -> None:
    """Of a pause that waits for somebody each is said: who resumed the run is to know."""
    issue = story.issue("total() crashes on None")
    story.send("issues", "octocat", action="labeled", issue=issue, label={"name": "mgx"})
    run = newest(story.link)
    reasons = ("storage", "storage", "storage", "sandbox", "sandbox")
    for reason in reasons:
        claimed = worker_transitions.claim(run.pk, {Status.QUEUED, Status.PLANNING})
        assert claimed is not None
        worker_transitions.pause(run.pk, claimed.fence, reason, f"The {reason} failed.")
        story.say()
        run.refresh_from_db()
        assert resume_unchanged(run, "It goes on.")
    paused = [text for text in said(story, issue["number"]) if text.startswith("Run #1 is paused")]
    assert [next(reason for reason in set(reasons) if reason in text) for text in paused] == ["storage", "sandbox", "sandbox"]
