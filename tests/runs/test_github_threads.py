"""Conversations on the tests' GitHub that are worked on: workers plan, change, push and answer between what people say, and
what the model is told shows what was understood."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from runs.models import Approval, TaskRun
from runs.models.run_state import Status
from tasks.models import Task
from tests.support.github import USERS

from ..repositories.webhooks.sending import deliver
from ..support.patience import wait_for
from ..support.worker import wait_for_end, worker
from .conftest import Tenant, drive
from .story import CODE, Story, newest, team

VERSIONS = [CODE, *(CODE.replace("sum(", f"sum(  # {words}\n        ") for words in ("why", "shorter", "tested"))]


def told(server: Any, since: int) -> str:
    """All that the model was told in the requests from number ``since`` on."""
    return "\n".join(str(message["content"]) for request in server.requests[since:] for message in request["messages"])


def answers(story: Story, number: int) -> list[int]:
    """The first remarks of the threads that we answered, in order."""
    found = story.github.api("GET", f"/repos/{story.repo}/pulls/{number}/comments?per_page=100")
    return sorted(each["in_reply_to_id"] for each in found if "<!-- mgx:" in each["body"])


def test_three_reviews_with_answers_in_threads(story: Story, scripted: Callable[..., Any]) -> None:
    github, repo = story.github, story.repo
    issue = story.issue("total() crashes on None")
    with scripted(team(WriteCode=VERSIONS)) as server:
        story.says(issue, "/mgx run")
        run = drive(newest(story.link))
        assert run.status == Status.COMPLETED, run.error
        number = run.pr_number
        assert number is not None
        path, pull = f"/repos/{repo}/pulls/{number}", github.api("GET", f"/repos/{repo}/pulls/{number}")

        def put(words: str, under: int = 0) -> int:
            place = {"commit_id": run.commit_sha, "path": "shop/prices.py", "line": 2, "side": "RIGHT"}
            where, body = (f"/comments/{under}/replies", {}) if under else ("/comments", place)
            return int(github.api("POST", f"{path}{where}", {"body": words, **body}, token=USERS["octocat"])["id"])

        def work(words: str, state: str = "changes_requested") -> tuple[TaskRun, str]:
            since = len(server.requests)
            review = {"id": 9_000 + since, "state": state, "body": words}
            story.send("pull_request_review", "octocat", times=2, action="submitted", pull_request=pull, review=review)
            done = drive(newest(story.link))
            return done, told(server, since)

        why, order = put("Say why None is ignored."), put("Sort the prices.")
        second, asked = work("Two things.")
        assert (second.status, second.run_number) == (Status.COMPLETED, 2), second.error
        assert "Say why None is ignored." in asked and "Sort the prices." in asked
        assert answers(story, number) == [why, order]

        put("Please say it shorter.", under=why)
        third, asked = work("", "commented")
        assert third.run_number == 2, "an empty review asks for nothing by itself"
        third, asked = work("One more.")
        assert (third.status, third.run_number) == (Status.COMPLETED, 3), third.error
        assert "Please say it shorter." in asked
        assert "An answer in the thread of this remark of octocat: Say why None is ignored." in asked
        assert "Sort the prices." not in asked, "what an earlier review asked for is done"
        assert answers(story, number) == [why, why, order]

        put("LGTM, thank you!", under=why)
        test = put("Add a test for an empty list.")
        fourth, asked = work("Nearly there.")
        assert (fourth.status, fourth.run_number) == (Status.COMPLETED, 4), fourth.error
        assert "Add a test for an empty list." in asked and "say it shorter" not in asked and "LGTM" not in asked
        assert answers(story, number) == sorted([why, why, order, test])
        fifth, asked = work("Thanks, perfect!", "approved")
        assert (fifth.pk, asked) == (fourth.pk, "")
    assert github.branch(repo, run.branch_name) == fourth.commit_sha
    assert [each["number"] for each in github.api("GET", f"/repos/{repo}/pulls?state=all")] == [number]


def test_an_edited_issue_is_planned_anew_and_a_late_approval_decides_nothing(
    story: Story, scripted: Callable[..., Any], tenant: Tenant
) -> None:
    github, repo = story.github, story.repo
    issue = story.issue("total() crashes on None")
    path = f"/repos/{repo}/issues/{issue['number']}"
    with scripted(team(WriteCode=VERSIONS)) as server:
        story.says(issue, "/mgx plan")
        assert drive(newest(story.link)).status == Status.AWAITING_APPROVAL
        story.says(issue, "/mgx cancel")
        edited = github.api("PATCH", path, {"title": "total() ignores None", "body": "It should count the others."})
        since = len(server.requests)
        story.says(edited, "/mgx plan")
        run = drive(newest(story.link))
        assert (run.status, run.run_number) == (Status.AWAITING_APPROVAL, 2)
        asked = told(server, since)
        assert "It should count the others." in asked and "It crashes." not in asked

        story.say()
        late = github.api("POST", f"{path}/comments", {"body": "/mgx approve"})
        story.says(edited, "/mgx reject Say why None is ignored.")
        run = drive(run)
        assert (run.status, run.plan_version) == (Status.AWAITING_APPROVAL, 2), run.error
        story.send("issue_comment", "octocat", times=3, action="created", issue=edited, comment=late)
        run = drive(run)
        assert run.status == Status.AWAITING_APPROVAL, "its author never saw the second version"
        assert any("Version 2 of the plan of run #2 stands" in said for said in story.comments(issue["number"]))
        story.says(edited, "/mgx approve")
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    decided = Approval.objects.for_workspace(run.workspace_id).filter(run=run, approved=True)
    assert [each.plan_version for each in decided] == [2]
    assert github.api("GET", f"/repos/{repo}/pulls/{run.pr_number}")["head"]["sha"] == run.commit_sha


def test_a_superseded_pull_request_and_a_merged_one(story: Story, scripted: Callable[..., Any], tenant: Tenant) -> None:
    github, repo = story.github, story.repo
    issue = story.issue("total() crashes on None")

    def thread(run: TaskRun) -> dict[str, Any]:
        pull = github.api("GET", f"/repos/{repo}/pulls/{run.pr_number}")
        return {**pull, "pull_request": {"url": pull["url"]}}

    with scripted(team(WriteCode=VERSIONS)) as server:
        story.says(issue, "/mgx run")
        first = drive(newest(story.link))
        story.says(issue, "/mgx run")
        second = drive(newest(story.link))
        assert (first.status, second.status) == (Status.COMPLETED, Status.COMPLETED), second.error
        assert first.pr_number and second.pr_number and first.pr_number != second.pr_number
        task = Task.objects.for_workspace(tenant.workspace.pk).get()

        story.close(first.pr_number, state="closed")
        task.refresh_from_db()
        assert (task.status, task.closed_at) == ("completed", None), "the newer one is open"
        since = len(server.requests)
        story.says(thread(first), "/mgx continue Say why.")
        assert newest(story.link).pk == second.pk
        assert any("is closed, so nothing is done on it." in said for said in story.comments(first.pr_number))

        review = {"id": 77, "state": "changes_requested", "body": "Say why."}
        pull = thread(second)
        story.send("pull_request_review", "octocat", action="submitted", pull_request=pull, review=review)
        third = drive(newest(story.link))
        assert (third.status, third.pr_number) == (Status.COMPLETED, second.pr_number), third.error
        assert "Say why." in told(server, since)

        story.close(second.pr_number, merged=True)
        since = len(server.requests)
        for words in ("/mgx continue Say why.", "Thanks!", "/mgx retry"):
            story.says(thread(second), words)
        story.send(
            "pull_request_review",
            "dev",
            action="submitted",
            pull_request=pull,
            review={**review, "id": 78, "body": "Rename it."},
        )
        assert newest(story.link).pk == third.pk and len(server.requests) == since
    task.refresh_from_db()
    assert (task.status, task.closed_at is None, task.runs_total) == ("completed", False, 3)
    assert sum("was merged, so nothing more is done on it." in said for said in story.comments(second.pr_number)) == 3


def test_a_worker_takes_deliveries_works_and_answers(story: Story, scripted: Callable[..., Any], tmp_path: Path) -> None:
    """`manage.py work` alone does what is between a comment and the answers to it: deliveries, both phases, and replies."""
    issue, log = story.issue("total() crashes on None"), tmp_path / "worker.log"
    github, repo = story.github, story.repo

    def says(words: str) -> None:
        comment = github.api("POST", f"/repos/{repo}/issues/{issue['number']}/comments", {"body": words})
        sent = {"repository": {"full_name": repo}, "sender": {"login": "octocat", "type": "User"}}
        whole = {**sent, "action": "created", "issue": issue, "comment": comment}
        assert deliver(story.link.pk, whole, event="issue_comment", delivery=str(comment["id"])).status_code == 202

    with scripted(team(WriteCode=VERSIONS)) as server:
        model = {"MGX_MODEL": "openai/scripted", "OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "k-secret"}
        with worker(log=log, **model):
            says("/mgx plan")
            runs = TaskRun.objects.for_workspace(story.link.workspace_id)
            wait_for(
                lambda: runs.exclude(status__in=(Status.QUEUED, Status.PLANNING)).exists(),
                told=lambda: log.read_text()[-2_000:],
            )
            assert runs.get().status == Status.AWAITING_APPROVAL, runs.get().error

            def bodies() -> str:
                return "\n".join(each["body"] for each in github.api("GET", f"/repos/{repo}/issues/{issue['number']}/comments"))

            wait_for(lambda: "Plan of run #1" in bodies(), told=lambda: log.read_text()[-2_000:])
            says("/mgx approve")
            run = runs.get()
            wait_for_end(run, log)
            assert run.status == Status.COMPLETED, run.error
            wait_for(lambda: run.pr_url in bodies(), told=lambda: log.read_text()[-2_000:])
    assert github.branch(repo, run.branch_name) == run.commit_sha
    pull = github.api("GET", f"/repos/{repo}/pulls/{run.pr_number}")
    assert f"\nCloses #{issue['number']}.\n" in pull["body"]
