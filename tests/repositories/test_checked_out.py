"""A branch that is checked out somewhere is not moved under a person's hands; in a new project its files follow."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from repositories.checkout_source import Origin, on_branch
from repositories.errors import GitCommandFailed
from repositories.git import local_repositories
from repositories.git.checkout import Checkout, RemoteSource

from .conftest import Git

AUTHOR, WHEN = ("Ada", "ada@example.org"), datetime(2026, 1, 1, tzinfo=UTC)


async def changed(tmp_path: Path, origin: Path, *, updates_checkout: bool) -> tuple[Checkout, str]:
    """A clone of main, and a commit in it that changes `a.txt`."""
    source = RemoteSource(origin.as_uri(), "main", updates_checkout=updates_checkout)
    checkout = await Checkout.create(tmp_path / "work", source)
    (checkout.root / "a.txt").write_text("theirs\n")
    return checkout, await checkout.commit(await checkout.tree(), message="m", author=AUTHOR, date=WHEN)


async def test_where_a_branch_is_checked_out_is_found(tmp_path: Path, root: Path, origin: Path, sh: Git) -> None:
    sh("branch", "mgx/x/run-1", cwd=origin)
    assert await local_repositories.place_of(origin, "main") == origin
    assert await local_repositories.place_of(origin, "mgx/x/run-1") is None
    sh("worktree", "add", "-q", str(root / "beside"), "mgx/x/run-1", cwd=origin)
    assert await local_repositories.place_of(origin, "mgx/x/run-1") == root / "beside"
    sh("clone", "-q", "--bare", str(origin), str(root / "bare"), cwd=tmp_path)
    assert await local_repositories.place_of(root / "bare", "main") is None


async def test_a_run_does_not_begin_on_one(root: Path, origin: Path, sh: Git) -> None:
    place = Origin("origin", origin.as_uri())
    with pytest.raises(GitCommandFailed, match=f"is checked out in {origin}") as caught:
        await on_branch(place, "main", of_new_project=False)
    assert caught.value.code == "branch_checked_out"
    found = await on_branch(place, "main", of_new_project=True)
    assert (found.branch, found.source().updates_checkout) == ("main", True)
    sh("worktree", "add", "-q", "-b", "other", str(root / "beside"), cwd=origin)
    with pytest.raises(GitCommandFailed, match=r"is checked out in .*beside"):
        await on_branch(place, "other", of_new_project=True)
    (origin / "a.txt").write_text("mine\n")
    with pytest.raises(GitCommandFailed, match="not committed"):
        await on_branch(place, "main", of_new_project=True)
    remote = await on_branch(Origin("o/r", "https://h.example/o/r.git"), "main", of_new_project=False)
    assert (remote.branch, remote.updates_checkout) == ("main", False)


async def test_a_push_to_one_is_refused(tmp_path: Path, origin: Path, sh: Git) -> None:
    checkout, sha = await changed(tmp_path, origin, updates_checkout=False)
    with pytest.raises(GitCommandFailed) as caught:
        await checkout.push(sha, "main", onto=checkout.base_sha)
    assert caught.value.code == "branch_checked_out" and "switch --detach" in caught.value.hint
    assert (sh("rev-parse", "main", cwd=origin), sh("status", "--porcelain", cwd=origin)) == (checkout.base_sha, "")


async def test_files_follow_a_push_where_they_may(tmp_path: Path, origin: Path, sh: Git) -> None:
    """No hook and no filter of the repository is run by it."""
    for name in ("push-to-checkout", "post-receive"):
        (origin / ".git/hooks" / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (origin / ".git/hooks" / name).chmod(0o755)
    sh("config", "filter.evil.smudge", f"touch {tmp_path}/ran; cat", cwd=origin)
    (origin / ".git/info/attributes").write_text("* filter=evil\n")
    checkout, sha = await changed(tmp_path, origin, updates_checkout=True)
    await checkout.push(sha, "main", onto=checkout.base_sha)
    assert (sh("rev-parse", "main", cwd=origin), (origin / "a.txt").read_text()) == (sha, "theirs\n")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("staged", [False, True])
async def test_changed_files_are_never_written_over(tmp_path: Path, origin: Path, sh: Git, staged: bool) -> None:
    checkout, sha = await changed(tmp_path, origin, updates_checkout=True)
    (origin / "a.txt").write_text("mine\n")
    if staged:
        sh("add", "a.txt", cwd=origin)
    with pytest.raises(GitCommandFailed, match="not committed") as caught:
        await checkout.push(sha, "main", onto=checkout.base_sha)
    assert caught.value.code == "branch_checked_out"
    assert (sh("rev-parse", "main", cwd=origin), (origin / "a.txt").read_text()) == (checkout.base_sha, "mine\n")
