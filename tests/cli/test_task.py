"""mgx task: what it sends, what it shows, how it ends."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Mgx
from tests.cli.standin import TOKEN, Standin


def test_an_approved_run_ends_with_its_result_on_stdout(mgx: Mgx, server: Standin, repo: Path) -> None:
    done = mgx("task", "Create a health endpoint", "--yes", "--constraint", "no extra libraries", "--constraint", "env vars")
    assert done.returncode == 0, done.stderr
    assert "mgx/health/run-1" in done.stdout
    assert "3 passed" in done.stdout
    assert "$0.0123" in done.stdout
    assert "/srv/demo" in done.stdout
    assert "reading the task" in done.stderr
    assert "app/main.py" in done.stderr
    assert "reading the task" not in done.stdout
    assert "def health" not in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert server.bodies("/api/repositories/connect") == [{"url": repo.as_uri(), "provider": "git"}]
    (task,) = server.bodies("/api/tasks")
    assert task["name"] == "Create a health endpoint"
    assert task["constraints"] == ["no extra libraries", "env vars"]
    assert task["output_mode"] == "patch_existing"
    assert next(body for body in server.bodies("/api/runs") if body)["auto_approve"] is True


def test_every_post_has_its_own_idempotency_key(mgx: Mgx, server: Standin) -> None:
    mgx("task", "x", "--yes")
    keys = [headers["Idempotency-Key"] for method, _, headers, _ in server.requests if method == "POST"]
    assert len(keys) == len(set(keys)) == 3


def test_json_prints_events_and_the_run_as_lines(mgx: Mgx) -> None:
    done = mgx("task", "x", "--yes", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["seq"] for line in lines[:-1]] == list(range(1, len(lines)))
    assert lines[-1]["type"] == "run"
    assert lines[-1]["run"]["status"] == "completed"
    assert done.returncode == 0


def test_without_a_terminal_a_plan_waits_and_says_how_to_approve(mgx: Mgx, server: Standin) -> None:
    done = mgx("task", "x")
    assert done.returncode == 4
    assert "Write the route" in done.stderr
    (run,) = server.runs
    assert f"mgx approve {run[:13]}" in done.stderr


@pytest.mark.parametrize(("text", "code", "words"), [("fail", 1, "The endpoint is down."), ("budget", 7, "mgx resume")])
def test_an_end_that_is_no_success_says_why(mgx: Mgx, text: str, code: int, words: str) -> None:
    done = mgx("task", text, "--yes")
    assert done.returncode == code
    assert words in done.stderr


def test_a_lost_connection_is_taken_up_where_it_was(mgx: Mgx, server: Standin) -> None:
    server.drop_after = 3
    done = mgx("task", "x", "--yes", "--json")
    seqs = [json.loads(line).get("seq") for line in done.stdout.splitlines()[:-1]]
    assert seqs == list(range(1, len(seqs) + 1))
    assert server.sockets == [0, 3]
    assert "connection lost" in done.stderr


def test_what_a_server_sends_can_not_steer_the_terminal(mgx: Mgx) -> None:
    done = mgx("task", "hostile", "--yes")
    assert "evil" in done.stderr
    assert not set("\x1b\x07\r\u202e") & set(done.stdout + done.stderr)


def test_no_follow_prints_the_id(mgx: Mgx, server: Standin) -> None:
    done = mgx("task", "x", "--no-follow")
    assert done.returncode == 0
    assert done.stdout.split() == list(server.runs)


def test_verbose_shows_what_the_models_write(mgx: Mgx) -> None:
    assert "def health" in mgx("task", "x", "--yes", "-v").stderr


@pytest.mark.parametrize(
    "arguments", [("task", ""), ("task", "  "), ("task",), ("task", "x", "--json-file", "f"), ("task", "-")]
)
def test_an_empty_or_double_task_is_a_usage_error(mgx: Mgx, server: Standin, arguments: tuple[str, ...]) -> None:
    done = mgx(*arguments)
    assert done.returncode == 2
    assert "error:" in done.stderr
    assert not server.requests


def test_the_task_comes_from_a_file_or_standard_input(mgx: Mgx, server: Standin, tmp_path: Path, repo: Path) -> None:
    document = {"task": "from a file", "target_stack": "fastapi", "constraints": ["a"], "existing_project_path": str(repo)}
    (tmp_path / "task.json").write_text(json.dumps(document))
    assert mgx("task", "--json-file", str(tmp_path / "task.json"), "--yes", cwd=tmp_path).returncode == 0
    assert mgx("task", "-", "--yes", input="from standard input\nsecond line\n").returncode == 0
    first, second = server.bodies("/api/tasks")
    assert (first["description"], first["stack"], first["constraints"]) == ("from a file", "fastapi", ["a"])
    assert (second["name"], second["description"]) == ("from standard input", "from standard input\nsecond line")


@pytest.mark.parametrize(
    "document", ["{", "[]", '{"tsk": "x"}', '{"task": 1}', '{"task": ""}', '{"task": "x", "constraints": [1]}']
)
def test_a_wrong_task_file_is_a_usage_error(mgx: Mgx, document: str) -> None:
    assert mgx("task", "--json-file", "-", input=document).returncode == 2


def test_uncommitted_changes_stop_the_task_before_it_begins(mgx: Mgx, server: Standin, repo: Path) -> None:
    for number in range(7):
        (repo / f"new{number}.py").write_text("")
    done = mgx("task", "x", "--yes")
    assert done.returncode == 2
    assert "new0.py" in done.stderr
    assert "and 2 more" in done.stderr
    assert "--allow-dirty" in done.stderr
    assert not server.requests
    assert mgx("task", "x", "--yes", "--allow-dirty").returncode == 0


def test_an_mgx_yaml_and_ignored_files_are_no_changes(mgx: Mgx, repo: Path, bare_env: dict[str, str]) -> None:
    (repo / ".gitignore").write_text("*.log\n")
    for command in (["add", "."], ["commit", "-qm", "ignore"]):
        subprocess.run(["git", *command], cwd=repo, env=bare_env, check=True)
    (repo / "a.log").write_text("")
    (repo / "mgx.yaml").write_text("stack: fastapi\n")
    assert mgx("task", "x", "--yes").returncode == 0


def test_looking_at_a_repository_neither_writes_nor_runs_anything(mgx: Mgx, repo: Path, bare_env: dict[str, str]) -> None:
    hook = repo / ".git" / "hook"
    hook.write_text(f"#!/bin/sh\ntouch '{repo.parent}/ran'\n")
    hook.chmod(0o755)
    subprocess.run(["git", "config", "core.fsmonitor", str(hook)], cwd=repo, env=bare_env, check=True)
    before = (repo / ".git" / "index").stat().st_mtime_ns
    assert mgx("task", "x", "--yes").returncode == 0
    assert not (repo.parent / "ran").exists()
    assert (repo / ".git" / "index").stat().st_mtime_ns == before


def test_an_empty_directory_becomes_a_new_project(mgx: Mgx, server: Standin, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert mgx("task", "x", "--yes", cwd=tmp_path / "empty").returncode == 0
    assert mgx("task", "x", "--yes", "--new", "sub/dir", cwd=tmp_path).returncode == 0
    made = [(body["url"], body["create"]) for body in server.bodies("/api/repositories/connect")]
    assert made == [((tmp_path / "empty").as_uri(), True), ((tmp_path / "sub" / "dir").as_uri(), True)]
    assert server.bodies("/api/tasks")[0]["output_mode"] == "generate_new"


def test_a_directory_with_files_and_no_repository_says_the_choices(mgx: Mgx, server: Standin, tmp_path: Path) -> None:
    done = mgx("task", "x", cwd=tmp_path)
    assert done.returncode == 2
    assert "--repo" in done.stderr
    assert "--new" in done.stderr
    assert not server.requests


def test_a_new_project_needs_an_empty_directory(mgx: Mgx, repo: Path) -> None:
    assert mgx("task", "x", "--new", str(repo)).returncode == 2
    assert mgx("task", "x", "--new", str(repo / "README.md")).returncode == 2


@pytest.mark.parametrize("where", ["/nonexistent/dir", "https://ada:secret@example.com/x.git"])
def test_a_repository_that_can_not_be_is_a_usage_error(mgx: Mgx, server: Standin, where: str) -> None:
    done = mgx("task", "x", "--repo", where)
    assert done.returncode == 2
    assert not server.requests


def test_a_remote_repository_is_passed_on_as_it_is(mgx: Mgx, server: Standin, tmp_path: Path) -> None:
    assert mgx("task", "x", "--yes", "--repo", "git@example.com:ada/x.git", cwd=tmp_path).returncode == 0
    assert server.bodies("/api/repositories/connect")[0]["url"] == "git@example.com:ada/x.git"


def test_a_refused_task_shows_fields_hint_and_request_id_and_leaves_no_directory(mgx: Mgx, tmp_path: Path) -> None:
    done = mgx("task", "x", "--stack", "cobol", "--new", "made", cwd=tmp_path)
    assert done.returncode == 2
    for words in ("stack: unknown stack 'cobol'", "mgx stacks", "req-1"):
        assert words in done.stderr
    assert not (tmp_path / "made").exists()


def test_a_task_can_be_for_no_stack(mgx: Mgx, server: Standin, repo: Path) -> None:
    assert mgx("task", "x", "--stack", "none", "--yes").returncode == 0
    (repo / "mgx.yaml").write_text("stack: none\n")
    assert mgx("task", "x", "--yes").returncode == 0
    assert [task["stack"] for task in server.bodies("/api/tasks")] == ["none", "none"]


def test_mgx_yaml_gives_stack_project_and_workflows(mgx: Mgx, server: Standin, repo: Path) -> None:
    (repo / "mgx.yaml").write_text(
        "stack: fastapi\nproject: default\nworkflows: {tidy: {task: Tidy up, constraints: [careful]}}\n"
    )
    assert mgx("task", "--workflow", "tidy", "--yes").returncode == 0
    (task,) = server.bodies("/api/tasks")
    assert (task["description"], task["stack"], task["constraints"]) == ("Tidy up", "fastapi", ["careful"])
    assert task["project_id"]
    assert mgx("task", "--workflow", "nope").returncode == 2


def test_mgx_yaml_may_want_every_task_to_ask(mgx: Mgx, server: Standin, repo: Path) -> None:
    """Also one that is not committed: what the server reads of the repository would not have it."""
    assert mgx("task", "x", "--yes").returncode == 0
    (repo / "mgx.yaml").write_text("always_ask: true\n")
    assert mgx("task", "x", "--yes", "--allow-dirty").returncode == 0
    assert [task["config"] for task in server.bodies("/api/tasks")] == [{}, {"allow_dirty": True, "always_ask": True}]


def test_the_token_travels_as_a_header_only(mgx: Mgx, server: Standin) -> None:
    done = mgx("task", "x", "--yes", "--json")
    assert all(headers["Authorization"] == f"Bearer {TOKEN}" for _, _, headers, _ in server.requests)
    assert TOKEN not in done.stdout + done.stderr


def test_a_directory_that_a_refused_task_left_can_be_used_again(mgx: Mgx, tmp_path: Path, bare_env: dict[str, str]) -> None:
    new = tmp_path / "new"
    subprocess.run(["git", "init", "--quiet", str(new)], check=True, env=bare_env)
    assert mgx("task", "do", "--new", str(new), "--yes").returncode == 0
    (new / "file").write_text("x")
    assert mgx("task", "do", "--new", str(new), "--yes").returncode == 2
