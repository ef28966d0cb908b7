"""The last commits, of an ordinary repository and of a run's clone, whose git directory lies beside its workdir."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from agent.context.commits import COMMITS, MAX_BODY, MAX_SUBJECT, PastCommit, read_commits, recent_commits
from agent.context.history import recent_history
from agent.in_memory import MemoryJournal, TextSink
from tests.agent.harness import make_repository


def git(*args: str, cwd: Path) -> str:
    person = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    return subprocess.run(["git", *person, *args], cwd=cwd, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_repository(tmp_path / "made", {"a.py": ""})
    git("commit", "-q", "--allow-empty", "-m", f"Add \x1b[31m{'x' * 400}", "-m", "Why.\n\tBecause." + "y" * 2_000, cwd=root)
    git("switch", "-q", "-c", "side", "HEAD~1", cwd=root)
    git("commit", "-q", "--allow-empty", "-m", "Fix it", cwd=root)
    git("merge", "-q", "--no-ff", "-m", "Merge both", "-", cwd=root)
    return root


def as_clone_of_run(root: Path, at: Path) -> Path:
    """The same history as the checkout of a run has it: bare, without branches, its base under `refs/mgx`."""
    git("clone", "-q", "--bare", str(root), str(at / "git"), cwd=root)
    base = git("rev-parse", "HEAD", cwd=root)
    for ref in git("for-each-ref", "--format=%(refname)", cwd=at / "git").splitlines():
        git("update-ref", "-d", ref, cwd=at / "git")
    git("update-ref", "refs/mgx/base", base, cwd=at / "git")
    (at / "git" / "HEAD").write_text("ref: refs/heads/nothing\n")
    (at / "repo").mkdir()
    return at / "repo"


@pytest.mark.parametrize("of_run", [False, True])
def test_subjects_bodies_and_authors_are_bounded_and_plain(root: Path, tmp_path: Path, of_run: bool) -> None:
    place = as_clone_of_run(root, tmp_path) if of_run else root
    found = {commit.subject[:6]: commit for commit in asyncio.run(recent_commits(place))}
    assert "Merge " not in found
    assert found["Fix it"] == PastCommit("Fix it", "", "Ada <ada@example.org>")
    long = found["Add [3"]
    assert (len(long.subject), long.body.splitlines()[0]) == (MAX_SUBJECT, "Why.")
    assert len(long.body) <= MAX_BODY
    assert f"{long.subject}{long.body}".replace("\n", "").isprintable()


def test_the_history_of_an_opening_is_there_in_the_clone_of_a_run_too(root: Path, tmp_path: Path) -> None:
    expected = asyncio.run(recent_history(root, [], [], 800))
    assert "- Fix it" in expected.splitlines()
    assert asyncio.run(recent_history(as_clone_of_run(root, tmp_path), [], [], 800)) == expected


def test_without_git_there_are_none(tmp_path: Path) -> None:
    assert asyncio.run(recent_commits(tmp_path)) == []


def test_an_empty_repository_has_none(tmp_path: Path) -> None:
    git("init", "-q", cwd=tmp_path)
    assert asyncio.run(recent_commits(tmp_path)) == []


def test_they_are_read_once_for_a_run(root: Path) -> None:
    journal = MemoryJournal(TextSink(), root)
    first = asyncio.run(read_commits(root, journal))
    git("commit", "-q", "--allow-empty", "-m", "Use it", cwd=root)
    assert asyncio.run(read_commits(root, journal)) == first
    assert [*journal.steps] == ["commits"]
    assert len(first) <= COMMITS
