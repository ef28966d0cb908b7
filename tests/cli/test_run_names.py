"""How a run is named: not at all, by @last, by its task, and by a number in its task."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path

import pytest
from mgx_cli.last_run import place_of

from tests.cli.conftest import Mgx
from tests.cli.standin import Standin


@pytest.fixture
def run_id(mgx: Mgx) -> str:
    """The last run of the repository around the current directory, and then a run of another one."""
    mgx("task", "First", "--yes")
    return mgx("task", "Second", "--yes", "--no-follow").stdout.strip()


@pytest.fixture
def other(mgx: Mgx, run_id: str, tmp_path: Path) -> str:
    """A newer run, of another repository."""
    (tmp_path / "elsewhere").mkdir()
    return mgx("task", "Elsewhere", "--yes", "--no-follow", "--new", str(tmp_path / "elsewhere")).stdout.strip()


def test_without_a_name_it_is_the_last_run_of_this_repository(
    mgx: Mgx, server: Standin, run_id: str, other: str, repo: Path, tmp_path: Path
) -> None:
    (repo / "deep").mkdir()
    server.diff = b"diff --git a/x b/x"
    for here, expected in ((repo, run_id), (repo / "deep", run_id), (tmp_path, other)):
        everything = ("status", "logs -f", "logs", "diff", "open", "plan", "attach", "status @last")
        for command in everything if here == repo else ("status", "logs @last"):
            before = len(server.requests)
            done = mgx(*command.split(), cwd=here)
            assert done.returncode == 0, (command, done.stderr)
            assert any(expected in path for _, path, _, _ in server.requests[before:]), (here, command)
            assert not any(name in path for _, path, _, _ in server.requests[before:] for name in {run_id, other} - {expected})
    assert run_id in mgx("cancel", "@last").stdout


def test_a_repository_is_found_by_its_remote_too(mgx: Mgx, server: Standin, other: str, repo: Path, run_id: str) -> None:
    for link in server.links.values():
        if link["clone_url"].endswith("a%20repo"):
            link["clone_url"] = "https://github.com/octocat/Shop.git"
    assert mgx("status").returncode == 5
    subprocess.run(["git", "remote", "add", "origin", "git@github.com:octocat/shop"], cwd=repo, check=True)
    assert run_id in mgx("status").stdout


def test_a_repository_without_runs_says_so(mgx: Mgx, server: Standin) -> None:
    done = mgx("status")
    assert (done.returncode, done.stdout) == (5, "")
    assert "no run of this repository" in done.stderr and "mgx list" in done.stderr
    assert "no run in this workspace" in mgx("status", cwd=Path("/")).stderr


def test_a_task_means_its_last_run_and_a_number_one_of_them(mgx: Mgx, server: Standin) -> None:
    mgx("task", "First", "--no-follow")
    (first,) = server.runs
    task = server.runs[first]["task_id"]
    mgx("cancel", first)
    second = mgx("retry", first).stdout.strip()
    server.runs[second]["run_number"] = 2
    for name, expected in ((task, second), (task[:8], second), (f"{task}#1", first), (f"{task[:8].upper()}#2", second)):
        for command in ("status", "logs"):
            done = mgx(command, name)
            assert done.returncode == 0, (command, name, done.stderr)
        assert expected in mgx("status", name).stdout, name
    assert mgx("status", f"{task}#9").returncode == mgx("logs", str(uuid.uuid4())).returncode == 5
    assert mgx("status", f"{task}#x").returncode == mgx("status", "ab#1").returncode == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("git@github.com:Octocat/shop.git", "https://github.com/octocat/shop"),
        ("ssh://git@github.com:22/octocat/shop.git/", "https://user@github.com/octocat/shop"),
        ("file:///srv/a%20repo", "/srv/a repo"),
        ("/srv/shop.git", "file:///srv/shop"),
    ],
)
def test_addresses_of_one_repository_are_the_same_place(one: str, other: str) -> None:
    assert place_of(one) == place_of(other)
    assert place_of("https://github.com/octocat/shop") != place_of("https://gitlab.com/octocat/shop")


@pytest.mark.parametrize("arguments", [("--version",), ("-V",), ("--version", "list")])
def test_the_version_is_an_option_too(mgx: Mgx, arguments: tuple[str, ...]) -> None:
    done = mgx(*arguments)
    assert (done.returncode, done.stdout) == (0, mgx("version").stdout)


def test_help_is_a_command_too(mgx: Mgx) -> None:
    assert mgx("help").stdout == mgx("--help").stdout
    for command in (("logs",), ("repo", "link"), ("help",)):
        assert mgx("help", *command).stdout == mgx(*command, "--help").stdout, command
    unknown = mgx("help", "lst")
    assert (unknown.returncode, unknown.stdout) == (2, "") and "mgx list" in unknown.stderr


def test_the_list_is_of_this_repository_unless_all_are_asked_for(mgx: Mgx, server: Standin, run_id: str, other: str) -> None:
    server.runs[run_id]["duration"] = 91.0

    def listed(*arguments: str, cwd: Path | None = None) -> str:
        return mgx("list", *arguments, **({"cwd": cwd} if cwd else {})).stdout

    here, everything = listed(), listed("--all")
    assert "Second" in here and "Elsewhere" not in here and "Elsewhere" in everything
    assert here.split("\n")[0].split() == ["RUN", "#", "STATUS", "REPOSITORY", "STACK", "AGE", "DURATION", "COST", "TASK"]
    assert "a repo " in here and "elsewhere " in everything and " 91 s " in here
    assert listed(cwd=Path("/")) == everything
    assert {run["id"] for run in json.loads(listed("--json", "--all"))["items"]} == set(server.runs)
    assert other not in listed("--json")
