"""What git keeps of a checkout in other directories, and repositories that git itself refuses."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Mgx, Terminal
from tests.cli.standin import Standin

from .test_embedded import calls, checkout, local

__all__ = ["checkout", "local"]
Git = Callable[..., None]
NOBODY = 65534


@pytest.fixture
def git(bare_env: dict[str, str]) -> Git:
    def run(*arguments: str | Path, cwd: Path) -> None:
        command = ["git", "-c", "protocol.file.allow=always", *map(str, arguments)]
        subprocess.run(command, cwd=cwd, env=bare_env, check=True, capture_output=True)

    return run


def linked(git: Git, repo: Path) -> tuple[Path, list[Path]]:
    git("worktree", "add", "-q", "../linked", "-b", "side", cwd=repo)
    return repo.parent / "linked", [repo / ".git"]


def submodule(git: Git, repo: Path) -> tuple[Path, list[Path]]:
    parent = repo.parent / "super"
    git("init", "-q", parent, cwd=repo)
    git("submodule", "add", "-q", repo.as_uri(), "sub", cwd=parent)
    return parent / "sub", [parent / ".git" / "modules" / "sub"]


def shared(git: Git, repo: Path) -> tuple[Path, list[Path]]:
    git("clone", "-q", "--shared", repo, repo.parent / "shared", cwd=repo)
    return repo.parent / "shared", [repo / ".git" / "objects"]


def reference_of_a_shared(git: Git, repo: Path) -> tuple[Path, list[Path]]:
    first, borrowed = shared(git, repo)
    git("clone", "-q", "--reference", first, repo.as_uri(), repo.parent / "reference", cwd=repo)
    return repo.parent / "reference", [first / ".git" / "objects", *borrowed]


def bare_and_shared(git: Git, repo: Path) -> tuple[Path, list[Path]]:
    git("clone", "-q", "--bare", "--shared", repo, repo.parent / "bare.git", cwd=repo)
    return repo.parent / "bare.git", [repo / ".git" / "objects"]


@pytest.mark.parametrize("kind", [linked, submodule, shared, reference_of_a_shared, bare_and_shared])
def test_the_directories_that_git_really_uses_are_allowed_or_named(
    mgx: Mgx, local: dict[str, str | None], home: Path, repo: Path, git: Git, kind: Callable[..., tuple[Path, list[Path]]]
) -> None:
    place, wanted = kind(git, repo)
    told = mgx("task", "x", "--repo", str(place), "--no-follow", **local)
    assert told.returncode == 2
    for path in wanted:
        assert f"mgx allow '{path}'" in told.stderr
    assert mgx("task", "x", "--repo", str(place), "--yes", **local).returncode == 0
    assert [call for call in calls(home) if call.startswith("allow")][-len(wanted) :] == [f"allow {path}" for path in wanted]


def test_what_lies_in_an_allowed_directory_is_not_asked_for(
    mgx: Mgx, local: dict[str, str | None], home: Path, repo: Path, git: Git
) -> None:
    place, _ = linked(git, repo)
    (home / "data" / "mgx").mkdir(parents=True)
    (home / "data" / "mgx" / "local_roots").write_text(f"{repo}\n")
    assert mgx("task", "x", "--repo", str(place), "--no-follow", **local).returncode == 0
    assert mgx("task", "x", "--repo", str(repo), "--no-follow", **local).returncode == 0
    assert [call for call in calls(home) if call.startswith("allow")] == [f"allow {place}"]


def test_at_a_terminal_it_asks(
    terminal: Callable[..., Terminal], local: dict[str, str | None], home: Path, repo: Path, git: Git
) -> None:
    place, (wanted,) = linked(git, repo)
    given = {name: value or "" for name, value in local.items()}
    for answer, code in (("n\n", 2), ("y\n", 0)):
        asked = terminal("task", "x", "--repo", str(place), "--no-follow", **given)
        assert str(wanted) in asked.until("Allow them?")
        asked.type(answer)
        assert asked.end() == code, asked.seen
    assert calls(home)[-1] == f"allow {wanted}"


def test_an_empty_directory_inside_of_a_repository_asks_for_nothing(
    mgx: Mgx, local: dict[str, str | None], home: Path, repo: Path
) -> None:
    assert mgx("task", "x", "--new", str(repo / "new"), "--no-follow", **local).returncode == 0
    assert [call for call in calls(home) if call.startswith("allow")] == [f"allow {repo / 'new'}"]


def test_a_directory_is_allowed_by_hand(mgx: Mgx, local: dict[str, str | None], home: Path, repo: Path) -> None:
    assert mgx("allow", str(repo), **local).stdout.strip() == str(repo)
    assert mgx("allow", str(repo / "README.md"), **local).returncode == 2
    assert calls(home) == [f"allow {repo}"]


def broken_line(repo: Path) -> None:
    with (repo / ".git" / "config").open("a") as file:
        file.write("[core\n")


def unknown_format(repo: Path) -> None:
    text = (repo / ".git" / "config").read_text()
    (repo / ".git" / "config").write_text(text.replace("repositoryformatversion = 0", "repositoryformatversion = 99"))


def points_nowhere(repo: Path) -> None:
    shutil.rmtree(repo / ".git")
    (repo / ".git").write_text("gitdir: /nonexistent/x\n")


def no_git_file(repo: Path) -> None:
    shutil.rmtree(repo / ".git")
    (repo / ".git").write_text("nonsense\n")


def half_made(repo: Path) -> None:
    (repo / ".git" / "HEAD").unlink()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (broken_line, "bad config line"),
        (unknown_format, "Expected git repo version <= 1, found 99"),
        (points_nowhere, "not a git repository: /nonexistent/x"),
        (no_git_file, "invalid gitfile format"),
        (half_made, "is not a whole git repository"),
    ],
)
def test_a_repository_that_git_refuses_is_told_in_its_own_words(
    mgx: Mgx, server: Standin, repo: Path, damage: Callable[[Path], None], words: str
) -> None:
    damage(repo)
    for arguments in (("task", "x"), ("task", "x", "--repo", str(repo)), ("apply", "0193f3a0", "--repo", str(repo))):
        done = mgx(*arguments)
        assert done.returncode == 2
        assert words in done.stderr, done.stderr
        assert "git status" in done.stderr
        assert "--new" not in done.stderr
        assert not server.requests


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to somebody else")
def test_a_repository_of_somebody_else_comes_with_git_s_advice(mgx: Mgx, repo: Path) -> None:
    for path in (repo, *repo.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    done = mgx("task", "x", "--repo", str(repo))
    assert done.returncode == 2
    assert "detected dubious ownership" in done.stderr
    assert f"git config --global --add safe.directory '{repo}'" in done.stderr
    allowed = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": str(repo)}
    assert mgx("task", "x", "--repo", str(repo), "--yes", **allowed).returncode == 0


@pytest.fixture
def repo_within_reach(repo: Path) -> Iterator[Path]:
    """Where everybody may go: pytest's own directories are its user's alone, and each session closes them again."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        yield Path(shutil.move(repo, directory))


@pytest.mark.skipif(os.geteuid() != 0, reason="root can become somebody who may not read it")
@pytest.mark.parametrize(("entry", "words"), [(".git", "can't be read"), (".git/config", "Permission denied")])
def test_a_repository_that_can_not_be_read_is_said_to_be_there(repo_within_reach: Path, entry: str, words: str) -> None:
    """As another user, in a process of its own: root reads everything."""
    repo = repo_within_reach
    for path in (repo, *repo.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    (repo / entry).chmod(0)
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom mgx_cli.errors import UsageError\n"
        "from mgx_cli.task_location import choose\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try:\n    choose(repo=sys.argv[1], new=None, cwd=Path('/'), allow_dirty=False)\n"
        "except UsageError as error:\n    sys.exit(f'refused: {error.detail} {error.hint}')\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(repo)], capture_output=True, text=True, cwd="/")
    assert words in done.stderr, done.stderr
    assert done.stderr.startswith("refused: ")
    assert "--new" not in done.stderr
