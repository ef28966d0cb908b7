"""The base branch, or the branch of the pull request, moves while a run works: nothing is lost and nothing overwritten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runs import services
from runs.models.run_state import Status
from runs.worker.journal import OpenStep, RunJournal

from ..support.drills import Draw, some_of
from .conftest import Tenant, drive, git, types
from .hosted import CLASHING, CODE, README, TAX, Hosted, diff_of, drive_to, said, team
from .test_durability import Crash, expire

STRICT = """import pytest

from shop.prices import total


def test_none():
    with pytest.raises(TypeError):
        total([None])
"""
CHANGE = "sum(price for price in prices"


def test_two_runs_at_once_and_the_second_stands_on_the_first(hosted: Hosted, scripted: Callable[..., Any]) -> None:
    hosted.configure(pr_draft=False)
    with scripted(team(CODE, TAX)):
        runs = [hosted.start("Ignore None"), hosted.start("Add a tax")]
        for status in (Status.APPROVED, Status.DELIVERING):
            runs = [drive_to(run, status) for run in runs]
        first = drive(runs[0])
        assert first.status == Status.COMPLETED, first.error
        hosted.github.merge(hosted.repo, first.pr_number or 0)
        second = drive(runs[1])
    assert second.status == Status.COMPLETED, second.error
    assert [pull["head"]["ref"] for pull in hosted.pulls()] == [first.branch_name, second.branch_name]
    assert [pull["draft"] for pull in hosted.pulls()] == [False, False]
    assert second.results["rebased"] == {"from": second.base_sha, "onto": first.commit_sha, "base_branch": "main"}
    assert hosted.github.git(hosted.repo, "rev-parse", f"{second.commit_sha}^") == first.commit_sha
    assert CHANGE in hosted.text(second.commit_sha, "shop/prices.py")
    assert second.results["tests_after_rebase"]["status"] == "passed"
    assert second.results["diff_stat"]["files"] == 1
    assert "shop/tax.py" in diff_of(second)
    assert "shop/prices.py" not in diff_of(second)
    body = hosted.pulls()[1]["body"]
    assert f"Merged with {first.commit_sha[:10]}, the current head of `main`: passed (1 passed" in body, body
    assert types(second).count("rebased") == 1


def test_what_does_not_go_together_is_delivered_where_it_began(hosted: Hosted, scripted: Callable[..., Any]) -> None:
    hosted.configure(pr_draft=False)
    with scripted(team(CODE)):
        run = drive_to(hosted.start(), Status.DELIVERING)
        theirs = hosted.push(CLASHING)
        run = drive(run)
        assert run.status == Status.COMPLETED, run.error
        assert run.results["conflict"] == {"base_branch": "main", "head": theirs, "files": ["shop/prices.py"]}
        assert hosted.github.git(hosted.repo, "rev-parse", f"{run.commit_sha}^") == run.base_sha
        (pull,) = hosted.pulls()
        assert pull["draft"]
        for words in ("### Conflict", "- `shop/prices.py`", "retry the run"):
            assert words in pull["body"], pull["body"]
        assert any("shop/prices.py" in words for words in said(run, "git_operation_failed"))
        assert CHANGE in diff_of(run)
        # a retry begins from what is there now, and brings the pull request up to date
        retried = drive(services.retry_run(principal=hosted.tenant.principal, run_id=run.pk, auto_approve=True))
    assert retried.status == Status.COMPLETED, retried.error
    assert (retried.base_sha, "conflict" in retried.results, len(hosted.pulls())) == (theirs, False, 1)
    assert "### Conflict" not in hosted.pulls()[0]["body"]


def test_somebody_did_the_same_already(hosted: Hosted, scripted: Callable[..., Any]) -> None:
    with scripted(team(CODE)):
        run = drive_to(hosted.start(), Status.DELIVERING)
        hosted.push({"shop/prices.py": CODE.partition("\n")[2], **README})
        run = drive(run)
    assert (run.status, run.error and run.error["code"]) == (Status.FAILED, "no_changes")
    assert run.error is not None and "main moved to" in run.error["detail"]
    assert hosted.pulls() == []


def test_tests_that_fail_on_what_is_there_now_make_a_draft(hosted: Hosted, scripted: Callable[..., Any]) -> None:
    hosted.configure(pr_draft=False)
    failing = {"tests/test_more.py": STRICT}
    with scripted(team(CODE)):
        run = drive_to(hosted.start(), Status.DELIVERING)
        hosted.push(failing)
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    assert run.results["tests_after_rebase"]["status"] == "failed"
    (pull,) = hosted.pulls()
    assert pull["draft"]
    assert "failed (1 passed, 1 failed" in pull["body"], pull["body"]


def test_what_fails_there_without_the_change_too_is_not_laid_to_it(hosted: Hosted, scripted: Callable[..., Any]) -> None:
    hosted.configure(pr_draft=False)
    with scripted(team(CODE)):
        run = drive_to(hosted.start(), Status.DELIVERING)
        hosted.push({"tests/test_more.py": "def test_broken():\n    assert 1 == 2\n"})
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    tests = run.results["tests_after_rebase"]
    assert (tests["failing"], tests["newly_failing"]) == (["tests/test_more.py::test_broken"], [])
    assert tests["flaky"] == ["tests/test_more.py::test_broken"]
    (pull,) = hosted.pulls()
    assert not pull["draft"]


STEPS = ["deliver/base", "deliver/rebase", "deliver/suite/1", "deliver/wishes", "deliver/commit", "deliver/push"]


@some_of(STEPS, 3)
def test_a_kill_at_any_step_gives_the_same_commit_and_one_pull_request(
    hosted: Hosted, scripted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, draw: Draw[str], turn: int
) -> None:
    """What was done is there, the journal does not know of it; and the base moves once more before another worker goes on."""
    key = draw(STEPS, turn)
    recorded, crashes = RunJournal._record, [1]

    def die_first(self: RunJournal, step: OpenStep, *args: Any) -> Any:
        if step.key == key and crashes:
            crashes.pop()
            raise Crash
        return recorded(self, step, *args)

    monkeypatch.setattr(RunJournal, "_record", die_first)
    with scripted(team(CODE)):
        run = drive_to(hosted.start(), Status.DELIVERING)
        first = hosted.push(README)
        with pytest.raises(Crash):
            drive(run)
        assert not crashes
        second = hosted.push({"LICENSE": "MIT\n"})
        expire(run)
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    assert run.results["rebased"]["onto"] == (second if key == "deliver/base" else first)
    (pull,) = hosted.pulls()
    assert pull["head"]["sha"] == run.commit_sha == hosted.head(run.branch_name)
    assert [types(run).count(kind) for kind in ("rebased", "commit_created", "push_succeeded", "pr_opened")] == [1, 1, 1, 1]


def test_a_local_repository_moves_too(tenant: Tenant, shop: Path, scripted: Callable[..., Any]) -> None:
    tenant.link(shop, is_primary=True)
    with scripted(team(CODE)):
        run = tenant.run(tenant.task("Let total() ignore None", output_mode="patch_existing"), auto_approve=True)
        run = drive_to(run, Status.DELIVERING)
        git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "--allow-empty", "-m", "more", cwd=shop)
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    assert git("log", "--format=%s", run.branch_name, cwd=shop).splitlines()[1:] == ["more", "first"]
