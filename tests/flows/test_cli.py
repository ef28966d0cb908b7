"""`mgx` against the real server: a task on a real repository, and everything that can be wrong with one."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from ..support import forked_mgx
from ..support.patience import SOON
from ..support.scripted_openai import Reply
from ..support.team_script import plan, script
from .conftest import Server, git


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A git repository of a real library: `iniconfig` as its wheel installed it, with a test of ours."""
    found = find_spec("iniconfig")
    assert found is not None and found.submodule_search_locations
    path = tmp_path / "iniconfig"
    shutil.copytree(
        found.submodule_search_locations[0], path / "src/iniconfig", ignore=shutil.ignore_patterns("__pycache__", "_version.py")
    )
    (path / "pyproject.toml").write_text(
        "[project]\nname = 'iniconfig'\nversion = '2'\n\n[tool.pytest.ini_options]\npythonpath = ['src']\n"
    )
    (path / "tests").mkdir()
    (path / "tests/test_ini.py").write_text(
        "from iniconfig import IniConfig\n\n\ndef test_b():\n    assert IniConfig('x', data='[a]\\nb=1')['a']['b'] == '1'\n"
    )
    git("init", "-q", "-b", "main", cwd=path)
    git("add", "-A", cwd=path)
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", "first", cwd=path)
    return path


def mgx(server: Server, *args: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return forked_mgx.run(*args, cwd=cwd, env={**server.env, "HOME": str(cwd), **env}, timeout=SOON)


def snapshot(repo: Path) -> tuple[Any, ...]:
    files = {path: path.read_bytes() for path in repo.rglob("*") if path.is_file() and ".git" not in path.parts}
    return (
        files,
        git("rev-parse", "HEAD", cwd=repo),
        git("status", "--porcelain", cwd=repo),
        git("branch", "--show-current", cwd=repo),
    )


def document(parser: Path) -> str:
    """The file with one line changed, as a model would answer it: whole."""
    text = parser.read_text()
    assert "class ParseError(Exception):" in text
    return "FILE: src/iniconfig/exceptions.py\n" + text.replace(
        "class ParseError(Exception):",
        'class ParseError(Exception):\n    """A line of an ini file that can not be read."""\n',
        1,
    )


def test_a_task_on_a_real_library_changes_that_file_only(server: Server, package: Path) -> None:
    before = snapshot(package)
    path = "src/iniconfig/exceptions.py"
    server.answer(script(code=document(package / path), files=[path]))
    done = mgx(server, "task", "Document what ParseError means", "--yes", "--json", cwd=package)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    run = lines[-1]["run"] if "run" in lines[-1] else lines[-1]
    assert [line["seq"] for line in lines if "seq" in line] == list(range(1, run["last_seq"] + 1))
    branch = run["branch_name"]
    assert git("diff", "--name-only", "main", branch, cwd=package) == path
    changed = [
        line
        for line in git("diff", "-U0", "main", branch, cwd=package).splitlines()
        if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert all(line.startswith("+") for line in changed), changed
    assert snapshot(package) == before
    assert run["results"]["tests"]["status"] == "passed"
    assert "k-canary-secret" not in done.stdout + done.stderr
    logs = "".join(log.read_text(errors="replace") for log in (server.data / "logs").glob("*.log"))
    assert "k-canary-secret" not in logs


def test_a_finished_run_is_continued_on_its_branch(server: Server, package: Path) -> None:
    path = "src/iniconfig/exceptions.py"
    code, more = document(package / path), document(package / path).replace("can not be read.", "can not be read, and why.")
    server.answer(script(code=code, files=[path], WriteCode=[code, more]))
    first = json.loads(mgx(server, "task", "Document it", "--yes", "--json", cwd=package).stdout.splitlines()[-1])["run"]
    before = snapshot(package)
    done = mgx(server, "continue", first["id"], "-m", "Say why, too.", "--yes", "--json", cwd=package)
    assert done.returncode == 0, done.stderr
    second = json.loads(done.stdout.splitlines()[-1])["run"]
    assert (second["branch_name"], second["parent_run_id"]) == (first["branch_name"], first["id"])
    assert git("rev-parse", f"{first['branch_name']}~1", cwd=package) == first["commit_sha"]
    assert "and why." in git("show", f"{first['branch_name']}:{path}", cwd=package)
    assert snapshot(package) == before
    refused = mgx(server, "continue", first["id"], "-m", "x", "--model", "nobodys", cwd=package)
    assert (refused.returncode, "nobodys" in refused.stderr) == (2, True), refused.stderr


def test_a_plan_waits_for_its_approval(server: Server, package: Path) -> None:
    path = "src/iniconfig/exceptions.py"
    server.answer(script(code=document(package / path), files=[path]))
    asked = mgx(server, "task", "Document what ParseError means", cwd=package)
    assert asked.returncode == 4, asked.stderr
    assert "mgx approve" in asked.stderr + asked.stdout
    run = json.loads(mgx(server, "list", "--json", cwd=package).stdout)
    waiting = next(item for item in run["items"] if item["status"] == "awaiting_approval")
    approved = mgx(server, "approve", waiting["id"], cwd=package)
    assert approved.returncode == 0, approved.stderr
    server.finished(waiting["id"])
    diff = mgx(server, "diff", waiting["id"], cwd=package)
    assert diff.returncode == 0, diff.stderr
    assert '+    """A line of an ini file' in diff.stdout
    assert mgx(server, "status", waiting["id"], cwd=package).returncode == 0
    logs = mgx(server, "logs", waiting["id"], cwd=package)
    assert "completion" in logs.stdout or "Done" in logs.stdout


def test_a_new_program_of_no_stack_ends_in_a_commit(server: Server, tmp_path: Path) -> None:
    code = "FILE: snake.py\nprint('snake')\nFILE: README.md\n# Snake\n"
    said = plan("snake.py", stack=None, stack_confidence=0.9, summary="A game in plain Python.")
    server.answer(script(code=code, DraftPlan=[said]))
    done = mgx(server, "task", "Create a Snake game in Python", "--new", "snake", "--yes", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    run = json.loads(done.stdout.splitlines()[-1])
    run = run.get("run", run)
    assert (run["status"], run["stack"]) == ("completed", "")
    names = git("ls-tree", "-r", "--name-only", run["commit_sha"], cwd=tmp_path / "snake").split()
    assert {"snake.py", "README.md"} <= set(names)


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["task", ""], 2, "task"),
        (["task", "   "], 2, "task"),
        (["task", "x", "--stack", "cobol"], 2, "fastapi"),
        (["task", "x", "--repo", "no/such/place"], 2, "no/such/place"),
        (["status", "deadbeef"], 5, "deadbeef"),
    ],
)
def test_bad_input_is_a_clear_message_and_its_exit_code(
    server: Server, package: Path, args: list[str], code: int, words: str
) -> None:
    before = snapshot(package)
    done = mgx(server, *args, cwd=package)
    assert done.returncode == code, (done.returncode, done.stderr)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert snapshot(package) == before


def test_a_directory_that_is_no_repository_is_named(server: Server, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "notes.txt").write_text("x")
    for args in (["task", "x"], ["task", "x", "--repo", str(plain)]):
        done = mgx(server, *args, cwd=plain)
        assert done.returncode in {2, 5}, done.stderr
        assert "repository" in done.stderr
        assert [path.name for path in plain.iterdir() if path.name == "notes.txt"] == ["notes.txt"]


def test_uncommitted_changes_are_listed_and_left_alone(server: Server, package: Path) -> None:
    (package / "src/iniconfig/exceptions.py").write_text("mine = 1\n")
    before = snapshot(package)
    done = mgx(server, "task", "Document it", "--yes", cwd=package)
    assert done.returncode == 2, done.stderr
    assert "src/iniconfig/exceptions.py" in done.stderr
    assert snapshot(package) == before


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (Reply("upstream is down", status=503), 1, "mgx resume"),
        (Reply("no such key", status=401), 1, "401"),
        (Reply("Nice weather today."), 1, ""),
        (Reply("half", fault="half_stream"), 1, ""),
    ],
)
def test_a_bad_endpoint_is_explained(server: Server, package: Path, reply: Reply, code: int, words: str) -> None:
    before = snapshot(package)
    server.answer(lambda messages: reply)
    done = mgx(server, "task", "Document it", "--yes", cwd=package)
    assert done.returncode == code, done.stderr
    assert words in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert snapshot(package) == before
