"""A retry of a run that has a pull request brings that one up to date, as long as it is open and ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runs import services
from runs.lifecycle.worker_transitions import fail
from runs.models import TaskRun
from runs.models.run_state import Status
from runs.worker.journal import OpenStep, RunJournal

from ..support.drills import Draw, some_of
from .conftest import NEW, drive, types
from .hosted import CODE, TAX, Hosted, diff_of, drive_to, team
from .test_durability import Crash, expire

BETTER = f"FILE: shop/prices.py\n{NEW}# None counts as nothing\n"


def retry(hosted: Hosted, run: TaskRun) -> TaskRun:
    return services.retry_run(principal=hosted.tenant.principal, run_id=run.pk, auto_approve=True)


def test_a_retry_goes_on_in_the_pull_request(hosted: Hosted, scripted: Callable[..., Any]) -> None:
    with scripted(team(CODE, BETTER, TAX)):
        first = drive(hosted.start())
        hosted.github.api("PATCH", f"/repos/{hosted.repo}/pulls/{first.pr_number}", {"draft": False})
        second = drive(retry(hosted, first))
        third = drive(retry(hosted, second))
    assert (second.status, third.status) == (Status.COMPLETED, Status.COMPLETED), second.error or third.error
    assert {run.branch_name for run in (first, second, third)} == {first.branch_name}
    assert {run.pr_number for run in (first, second, third)} == {first.pr_number}
    (pull,) = hosted.pulls()
    assert pull["head"]["ref"] == first.branch_name
    assert hosted.head(first.branch_name) == third.commit_sha
    assert pull["title"].endswith("Run #3")
    assert (types(second).count("pr_updated"), types(second).count("pr_opened"), "branch_created" in types(second)) == (1, 0, 0)
    assert hosted.github.git(hosted.repo, "rev-parse", f"{third.commit_sha}^") == third.base_sha


def test_a_retry_of_a_failed_retry_goes_on_there_too(hosted: Hosted, scripted: Callable[..., Any]) -> None:
    with scripted(team(CODE, BETTER)):
        first = drive(hosted.start())
        second = retry(hosted, first)
        fail(second.pk, second.fence, "model_failed", "The model failed.")
        second.refresh_from_db()
        third = drive(retry(hosted, second))
    assert (third.status, third.pr_number, len(hosted.pulls())) == (Status.COMPLETED, first.pr_number, 1), third.error


def test_somebody_elses_commit_is_never_overwritten(hosted: Hosted, scripted: Callable[..., Any]) -> None:
    with scripted(team(CODE, BETTER)):
        first = drive(hosted.start())
        theirs = hosted.push({"NOTES.md": "mine\n"}, first.branch_name)
        second = drive(retry(hosted, first))
    assert (second.status, second.error and second.error["code"]) == (Status.FAILED, "branch_moved")
    assert second.error is not None and "close it and retry" in second.error["hint"]
    assert hosted.head(first.branch_name) == theirs
    assert "None counts as nothing" in diff_of(second)


@pytest.mark.parametrize("merged", [True, False], ids=["merged", "closed"])
def test_after_the_end_of_a_pull_request_a_retry_opens_another(
    hosted: Hosted, scripted: Callable[..., Any], merged: bool
) -> None:
    hosted.configure(pr_draft=False)
    with scripted(team(CODE, TAX)):
        first = drive(hosted.start())
        if merged:
            hosted.github.merge(hosted.repo, first.pr_number or 0)
        else:
            hosted.github.api("PATCH", f"/repos/{hosted.repo}/pulls/{first.pr_number}", {"state": "closed"})
        second = drive(retry(hosted, first))
    assert second.status == Status.COMPLETED, second.error
    assert second.branch_name != first.branch_name
    assert [pull["number"] for pull in hosted.pulls()] == [first.pr_number, second.pr_number]
    assert hosted.head(first.branch_name) == first.commit_sha
    assert types(second).count("pr_opened") == 1


STEPS = ["deliver/inherited", "deliver/base", "deliver/push", "deliver/pull_request"]


@some_of(STEPS, 2)
def test_a_kill_in_between_opens_no_second_one(
    hosted: Hosted, scripted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, draw: Draw[str], turn: int
) -> None:
    key = draw(STEPS, turn)
    with scripted(team(CODE, BETTER)):
        first = drive(hosted.start())
        second = drive_to(retry(hosted, first), Status.DELIVERING)
        recorded, crashes = RunJournal._record, [1]

        def die_first(self: RunJournal, step: OpenStep, *args: Any) -> Any:
            if step.key == key and crashes:
                crashes.pop()
                raise Crash
            return recorded(self, step, *args)

        monkeypatch.setattr(RunJournal, "_record", die_first)
        with pytest.raises(Crash):
            drive(second)
        assert not crashes
        expire(second)
        second = drive(second)
    assert second.status == Status.COMPLETED, second.error
    (pull,) = hosted.pulls()
    assert pull["head"]["ref"] == first.branch_name
    assert hosted.head(first.branch_name) == second.commit_sha
    assert types(second).count("pr_updated") == 1


def test_two_tasks_of_one_name_have_two_branches(hosted: Hosted, scripted: Callable[..., Any]) -> None:
    with scripted(team(CODE, TAX)):
        runs = [drive(hosted.start("Same name")) for _ in range(2)]
    assert [run.status for run in runs] == [Status.COMPLETED, Status.COMPLETED], runs[1].error
    assert len({run.branch_name for run in runs}) == len(hosted.pulls()) == 2
