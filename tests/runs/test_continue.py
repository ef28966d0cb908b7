"""A finished run is continued: same branch, same pull request, a second commit on top, by a team that knows the first one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.prompt_blocks import read_block
from runs import services
from runs.lifecycle import worker_transitions
from runs.models import RunStep, TaskRun
from runs.models.run_state import Status
from workspaces.models import AuditEntry

from .conftest import Tenant, drive, git, types
from .hosted import CODE, PATH, Hosted, diff_of, said, team
from .test_decisions import prompts
from .test_durability import Crash, expire
from .test_ends import edit, state_of

BETTER = CODE.replace("def total(prices):\n", "def total(prices):\n    # None counts as nothing\n")
WISH = "Say in a comment why None is ignored."
SNAKE = "FILE: snake.py\nprint('snake')\n"
SCORE = "FILE: snake.py\nprint('snake, score 0')\n"


def go_on(tenant: Tenant, run: TaskRun, message: str = WISH, **options: Any) -> TaskRun:
    options = {"auto_approve": True, **options}
    return services.continue_run(principal=tenant.principal, run_id=run.pk, message=message, **options)


def asked(server: Any) -> list[str]:
    """The opening of every model call."""
    return [next(each["content"] for each in request["messages"] if each["role"] == "user") for request in server.requests]


def test_it_goes_on_in_the_pull_request_and_knows_what_was_done(hosted: Hosted, scripted: Callable[..., Any]) -> None:
    with scripted(team(CODE, BETTER)) as server:
        first = drive(hosted.start())
        services_calls = len(server.requests)
        second = drive(go_on(hosted.tenant, first))
        openings = asked(server)[services_calls:]
    assert second.status == Status.COMPLETED, second.error
    assert (second.parent_run_id, second.task_id, second.model) == (first.pk, first.task_id, first.model)
    assert (second.branch_name, second.base_sha, second.pr_number) == (first.branch_name, first.commit_sha, first.pr_number)
    (pull,) = hosted.pulls()
    assert hosted.head(first.branch_name) == second.commit_sha
    assert hosted.github.git(hosted.repo, "rev-parse", f"{second.commit_sha}^") == first.commit_sha
    assert "None counts as nothing" in hosted.text(second.commit_sha, PATH)
    assert "+    # None counts as nothing" in diff_of(second) and "price is not None" not in _added(diff_of(second))
    assert (types(second).count("pr_updated"), types(second).count("pr_opened"), "branch_created" in types(second)) == (1, 0, 0)
    # people read of it in the pull request
    assert "### Before this run\n\n- Run 1: Do it." in pull["body"], pull["body"]
    comments = [each["body"] for each in hosted.github.api("GET", f"/repos/{hosted.repo}/issues/{first.pr_number}/comments")]
    assert any("**Run #2** went on here." in words and second.commit_sha[:10] in words for words in comments), comments
    assert not any(WISH in words for words in comments), "said to us, not on the service"
    # and the team of what was before
    for opening in openings:
        assert read_block(opening, "task") == WISH
        told = read_block(opening, "earlier_runs")
        assert "Let total() ignore None" in told and PATH in told and "passed" in told and "Run #1 (completed):" in told
    steps = RunStep.objects.for_workspace(first.workspace_id).filter(key="spec").order_by("started_at")
    assert ["earlier" in step.result for step in steps] == [False, True]
    entry = AuditEntry.objects.for_workspace(first.workspace_id).get(action="run.continued")
    assert (entry.object_id, entry.detail["new_run_id"]) == (first.pk, str(second.pk))


def _added(diff: str) -> str:
    return "\n".join(line for line in diff.splitlines() if line.startswith("+"))


def test_after_the_merge_it_gets_a_branch_of_its_own_and_says_so(
    hosted: Hosted, scripted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a worker dies at the very end, and the whole delivery is replayed."""
    hosted.configure(pr_draft=False)
    complete, crashes = worker_transitions.complete, [1]

    def die_first(*args: Any, **options: Any) -> Any:
        if crashes:
            crashes.pop()
            raise Crash
        return complete(*args, **options)

    with scripted(team(CODE, BETTER)) as server:
        first = drive(hosted.start())
        main = hosted.github.merge(hosted.repo, first.pr_number or 0)
        monkeypatch.setattr(worker_transitions, "complete", die_first)
        second = go_on(hosted.tenant, first)
        with pytest.raises(Crash):
            drive(second)
        expire(second)
        second = drive(second)
        told = read_block(asked(server)[-1], "earlier_runs")
    assert second.status == Status.COMPLETED, second.error
    assert second.branch_name != first.branch_name and second.base_branch == "main"
    assert hosted.github.git(hosted.repo, "rev-parse", f"{second.commit_sha}^") == main
    assert [pull["number"] for pull in hosted.pulls()] == [first.pr_number, second.pr_number]
    assert f"Pull request #{first.pr_number} was merged: this run works on a new branch" in said(second, "source_ready")[0]
    assert "Run #1 (completed):" in told, "it knows all the same"


def test_in_a_closed_pull_request_nothing_is_spent_and_a_retry_does_the_same(
    hosted: Hosted, scripted: Callable[..., Any]
) -> None:
    with scripted(team(CODE, BETTER)) as server:
        first = drive(hosted.start())
        hosted.github.api("PATCH", f"/repos/{hosted.repo}/pulls/{first.pr_number}", {"state": "closed"})
        calls = len(server.requests)
        second = drive(go_on(hosted.tenant, first))
        assert len(server.requests) == calls
        assert second.error is not None and (second.status, second.error["code"]) == (Status.FAILED, "pull_request_closed")
        assert "Reopen it" in second.error["hint"] and second.has_branch
        hosted.github.api("PATCH", f"/repos/{hosted.repo}/pulls/{first.pr_number}", {"state": "open"})
        third = services.retry_run(
            principal=hosted.tenant.principal, run_id=second.pk, auto_approve=True, message="Keep it short."
        )
        third = drive(third)
        planned = prompts(server, "DraftPlan")[-1]
    assert (third.status, third.base_sha, len(hosted.pulls())) == (Status.COMPLETED, first.commit_sha, 1), third.error
    assert third.branch_name == first.branch_name
    assert read_block(planned, "task") == WISH and "Keep it short." in read_block(planned, "feedback")


def test_on_a_local_branch(tenant: Tenant, shop: Path, scripted: Any) -> None:
    """Without a remote, and with changes in the checkout around it, which stays as it is."""
    with scripted(team(CODE, BETTER)):
        first = drive(edit(tenant, shop))
        (shop / "README.md").write_text("mine\n")
        before = state_of(shop)
        second = drive(go_on(tenant, first))
    assert (second.status, second.branch_name) == (Status.COMPLETED, first.branch_name), second.error
    log = git("log", "--format=%H", f"main..{first.branch_name}", cwd=shop).split()
    assert log == [second.commit_sha, first.commit_sha]
    assert state_of(shop) == before
    assert "branch_created" in types(first) and "branch_created" not in types(second)
    git("branch", "-q", "-D", first.branch_name, cwd=shop)
    third = drive(go_on(tenant, second))
    assert third.error is not None and (third.status, third.error["code"]) == (Status.FAILED, "branch_gone")


def test_a_branch_that_is_checked_out_is_left_alone_until_it_is_not(tenant: Tenant, shop: Path, scripted: Any) -> None:
    with scripted(team(CODE, BETTER)) as server:
        first = drive(edit(tenant, shop))
        git("switch", "-q", first.branch_name, cwd=shop)
        calls, before = len(server.requests), state_of(shop)
        second = drive(go_on(tenant, first))
        assert (second.status, len(server.requests), state_of(shop)) == (Status.PAUSED, calls, before)
        assert second.error is not None and f"is checked out in {shop}" in second.error["detail"]
        assert "switch --detach" in second.error["hint"]
        git("switch", "-q", "--detach", cwd=shop)
        services.resume_run(principal=tenant.principal, run_id=second.pk)
        second = drive(second)
    assert second.status == Status.COMPLETED, second.error
    assert git("rev-parse", f"{first.branch_name}^", cwd=shop) == first.commit_sha


def test_files_of_a_new_project_follow_its_branch(tenant: Tenant, empty_repo: Path, scripted: Any) -> None:
    """Its only branch is checked out where the person asked for the project: that is where the files are looked for."""
    link = tenant.link(empty_repo, is_primary=True)
    with scripted(team(SNAKE, SCORE)) as server:
        server.script.answers["DraftPlan"] = [server.script.answers["DraftPlan"][0].replace('"fastapi"', "null")]
        first = drive(tenant.run(tenant.task("Create a Snake game in Python", repository_id=link.pk), auto_approve=True))
        assert (first.status, (empty_repo / "snake.py").read_text()) == (Status.COMPLETED, "print('snake')\n"), first.error
        second = drive(go_on(tenant, first, "Show the score."))
    assert second.status == Status.COMPLETED, second.error
    assert (empty_repo / "snake.py").read_text() == "print('snake, score 0')\n"
    assert git("status", "--porcelain", cwd=empty_repo) == ""
    assert git("rev-parse", "HEAD~1", cwd=empty_repo) == first.commit_sha
