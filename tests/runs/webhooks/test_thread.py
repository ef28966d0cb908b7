"""What a person sees in an issue, from the plan to the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runs import services
from runs.models.run_state import Status
from runs.notifications import replies

from ...support.team_script import plan, script
from ..conftest import NEW, Tenant, drive
from ..story import Story, newest

CODE = f"FILE: shop/prices.py\n{NEW}"


def team(**answers: Any) -> Any:
    return script(code=CODE, files=["shop/prices.py"], **answers)


def test_a_plan_that_is_drafted_again_is_a_comment_of_its_own(story: Story, scripted: Callable[..., Any]) -> None:
    issue = story.issue("total() crashes on None")
    drafts = [plan("shop/prices.py", summary=words) for words in ("First idea", "Second idea")]
    with scripted(team(DraftPlan=drafts)):
        story.says(issue, "/mgx plan")
        run = drive(newest(story.link))
        story.says(issue, "/mgx reject keep it short")
        run = drive(run)
        assert (run.status, run.plan_version) == (Status.AWAITING_APPROVAL, 2)
        story.says(issue, "/mgx approve")
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    thread = story.comments(issue["number"])
    shown = [text.partition("\n")[0] for text in thread]
    assert shown == [
        "/mgx plan",
        f"**Run #1** is done: {run.pr_url}",
        "**Plan of run #1:** First idea",
        "/mgx reject keep it short",
        "**Plan of run #1 (version 2):** Second idea",
        "/mgx approve",
    ]
    assert "queued ✓ · planning ✓ · approval ✓ · executing ✓ · delivering ✓ · done ✓" in thread[1]
    assert "`/mgx approve` by `octocat`: run #1 was approved." in thread[1]


def test_a_plan_that_somebody_edits_elsewhere_is_shown_before_it_is_approved(
    story: Story, tenant: Tenant, scripted: Callable[..., Any]
) -> None:
    issue = story.issue("total() crashes on None")
    with scripted(team()):
        story.says(issue, "/mgx plan")
        run = drive(newest(story.link))
    assert run.plan is not None
    services.edit_plan(principal=tenant.principal, run_id=run.pk, plan={**run.plan, "summary": "Another thing"})
    thread = story.comments(issue["number"])
    assert [("(version 2)" in text, "Another thing" in text) for text in thread][-1] == (True, True)


def test_a_run_that_fails_says_so_in_a_comment_of_its_own(story: Story, tenant: Tenant, scripted: Callable[..., Any]) -> None:
    issue = story.issue("total() crashes on None")
    with scripted(team()):
        story.says(issue, "/mgx plan")
        run = drive(newest(story.link))
        story.github.protect(story.repo, "mgx/*")
        services.decide_plan(principal=tenant.principal, run_id=run.pk, approved=True)
        run = drive(run)
    assert run.status == Status.FAILED
    _, status, _, last = story.comments(issue["number"])
    assert status.startswith("**Run #1** failed: ")
    assert last.startswith("Run #1 failed: ")
    assert "`/mgx retry`" in last


def test_progress_is_edited_no_more_than_there_is_to_say(story: Story, scripted: Callable[..., Any]) -> None:
    """A whole run, from the label to the pull request, with a worker that says what is owed after each phase."""
    issue = story.issue("total() crashes on None")
    before = len(story.github.state.requests)
    with scripted(team()):
        story.says(issue, "/mgx run")
        run = drive(newest(story.link))
    assert run.status == Status.COMPLETED, run.error
    story.say()
    made = [(method, path) for method, path, _ in story.github.state.requests[before:]]
    written = [path for method, path in made if method in ("POST", "PATCH") and "/comments" in path]
    assert 3 <= len(written) <= 8, written
    assert replies.waiting(10) == []
    assert len(story.comments(issue["number"])) == 2
