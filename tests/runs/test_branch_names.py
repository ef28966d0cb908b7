"""A branch that stands in the way of a run's own costs no paid work: it is seen before the first model call, or gone around."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from repositories.errors import GitCommandFailed
from repositories.git.address import Address
from repositories.git.branch_clashes import blocker, patterns
from repositories.git.checkout import Checkout
from repositories.git.refusals import push_failure
from runs.models import TaskRun
from runs.models.run_state import Status
from runs.phases import branch_names
from runs.worker.journal import OpenStep, RunJournal
from workspaces.models import Event

from ..support.team_script import script
from .conftest import Tenant, drive, git, types
from .hosted import drive_to, said
from .test_durability import Crash, expire
from .test_ends import CODE, edit

SLUG = "let-total-ignore-prices-that-are-none"


def team() -> Any:
    return script(code=CODE, files=["shop/prices.py"])


def ready(run: TaskRun) -> str:
    return Event.objects.for_workspace(run.workspace_id).get(run_id=run.pk, type="source_ready").message


@pytest.mark.parametrize(
    ("name", "heads", "found"),
    [
        ("mgx/a/run-1", ["main", "mgx-2", "mgx/a/run-2", "mgx/ab"], ""),
        ("mgx/a/run-1", ["main", "mgx"], "mgx"),
        ("mgx/a/run-1", ["MGX"], "MGX"),
        ("mgx/a/run-1", ["Mgx/A"], "Mgx/A"),
        ("mgx/a/run-1", ["mgx/a/run-1"], "mgx/a/run-1"),
        ("mgx/a/run-1", ["mgx/a/run-1/more"], "mgx/a/run-1/more"),
    ],
)
def test_what_can_not_be_beside_each_other(name: str, heads: list[str], found: str) -> None:
    assert blocker(name, heads) == found


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("remote: error: cannot lock ref 'refs/heads/mgx/a/run-1': 'refs/heads/mgx' exists; cannot create it", "branch mgx "),
        (" ! [remote rejected] mgx/a/run-1 -> mgx/a/run-1 (directory file conflict)", "a branch of another name"),
    ],
)
def test_a_branch_in_the_way_that_nobody_may_see_is_read_from_the_refusal(words: str, named: str) -> None:
    refused = push_failure(GitCommandFailed("git push failed", stderr=words), Address("u", "https"), "mgx/a/run-1")
    assert refused.code == "branch_taken"
    assert named in refused.detail
    assert "--branch-prefix" in refused.hint


@pytest.mark.parametrize("head", ["mgx", "MGX", f"mgx/{SLUG}", f"mgx/{SLUG}/run-1", f"mgx/{SLUG}/run-1/more", "mgX/Let-Total"])
async def test_one_question_to_git_finds_what_is_in_the_way(tmp_path: Path, head: str) -> None:
    git("init", "-q", "-b", "main", cwd=tmp_path)
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "--allow-empty", "-m", "1", cwd=tmp_path)
    git("branch", head, cwd=tmp_path)
    git("branch", "mgx-other", cwd=tmp_path)
    name = f"mgx/{SLUG}/run-1"
    listed = git("ls-remote", ".", *patterns([name]), cwd=tmp_path)
    assert [line.partition("refs/heads/")[2] for line in listed.splitlines()] == ([head] if blocker(name, [head]) else [])


@pytest.mark.parametrize(
    ("branch", "prefix", "expected"),
    [
        ("mgx", "mgx", f"mgx-runs/{SLUG}/run-1"),
        ("team", "team/mgx", f"team-mgx-runs/{SLUG}/run-1"),
        (None, "main", f"main-runs/{SLUG}/run-1"),
        (f"mgx/{SLUG}", "mgx", ""),
    ],
)
def test_a_prefix_that_is_taken_is_said_at_the_beginning_and_another_one_is_used(
    tenant: Tenant, shop: Path, scripted: Callable[..., Any], branch: str | None, prefix: str, expected: str
) -> None:
    if branch:
        git("branch", branch, cwd=shop)
    tenant.project.run_branch_prefix = prefix
    tenant.project.save()
    with scripted(team()):
        run = drive(edit(tenant, shop))
    assert run.status == Status.COMPLETED, run.error
    assert git("rev-parse", run.branch_name, cwd=shop) == run.commit_sha
    assert types(run).count("push_succeeded") == 1
    assert "git_operation_failed" not in types(run)
    if expected:
        assert run.branch_name == expected
        assert f"The branch {branch or 'main'} is there" in ready(run)
        assert f"The branch of this run will be {expected}." in ready(run)
        assert "mgx project update default --branch-prefix" in ready(run)
    else:
        # its own prefix is free: only the plain name is not
        assert run.branch_name.startswith(f"{prefix}/{SLUG[:20]}")
        assert "is there" not in ready(run)


def test_without_any_free_name_no_model_is_called(
    tenant: Tenant, shop: Path, scripted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    git("branch", "mgx", cwd=shop)
    monkeypatch.setattr(branch_names, "_prefixes", lambda run: ["mgx"])
    with scripted(team()) as server:
        run = drive(edit(tenant, shop))
    assert (run.status, server.requests) == (Status.FAILED, [])
    assert run.error is not None
    assert run.error["code"] == "branch_prefix_taken"
    assert "The branch mgx is there" in run.error["detail"]
    assert "run_branch_prefix" in run.error["hint"]


def in_the_way(monkeypatch: pytest.MonkeyPatch, shop: Path, *branches: str) -> None:
    """Somebody pushes these between the look at the heads and the push, one before each."""
    pushed, left = Checkout.push, list(branches)

    async def push(self: Checkout, sha: str, branch: str, *, onto: str = "") -> None:
        if left:
            git("branch", left.pop(0), cwd=shop)
        await pushed(self, sha, branch, onto=onto)

    monkeypatch.setattr(Checkout, "push", push)


@pytest.mark.parametrize("branch", ["mgx", f"mgx/{SLUG}/run-1"])
def test_a_branch_that_appears_during_the_run_is_gone_around(
    tenant: Tenant, shop: Path, scripted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, branch: str
) -> None:
    in_the_way(monkeypatch, shop, branch)
    with scripted(team()):
        run = drive(edit(tenant, shop))
    assert run.status == Status.COMPLETED, run.error
    assert run.branch_name not in (branch, f"mgx/{SLUG}/run-1")
    assert git("rev-parse", run.branch_name, cwd=shop) == run.commit_sha
    assert git("rev-parse", branch, cwd=shop) == git("rev-parse", "main", cwd=shop), "nothing was overwritten"
    (words,) = said(run, "git_operation_failed")
    assert branch in words
    assert run.branch_name in said(run, "branch_created")[-1]
    assert "push_failed" not in types(run)


def test_a_worker_that_dies_then_pushes_under_the_same_name(
    tenant: Tenant, shop: Path, scripted: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The branch in the way is gone again when another worker takes over: there is still one branch of the run."""
    in_the_way(monkeypatch, shop, "mgx")
    recorded, crashes = RunJournal._record, [1]

    def die_once(self: RunJournal, step: OpenStep, *args: Any) -> Any:
        if step.key == "deliver/push/1" and crashes:
            crashes.pop()
            raise Crash
        return recorded(self, step, *args)

    monkeypatch.setattr(RunJournal, "_record", die_once)
    with scripted(team()):
        run = drive_to(edit(tenant, shop), Status.DELIVERING)
        with pytest.raises(Crash):
            drive(run)
        git("branch", "-D", "mgx", cwd=shop)
        expire(run)
        run = drive(run)
    assert run.status == Status.COMPLETED, run.error
    assert git("branch", "--format=%(refname:short)", cwd=shop).split() == ["main", f"mgx-runs/{SLUG}/run-1"]
    assert types(run).count("push_succeeded") == types(run).count("commit_created") == 1
