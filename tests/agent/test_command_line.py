"""``python -m agent``: exit codes, and what goes to which stream."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from agent.__main__ import main
from tests.agent.harness import git, make_repository
from tests.support import scripted_anthropic
from tests.support.in_process import command, foreign_environment
from tests.support.patience import SOON
from tests.support.scripted_openai import Reply, serve
from tests.support.team_script import plan, script, unclear

pytestmark = pytest.mark.slow

TOP = Path(__file__).resolve().parents[2]


def agent(*arguments: str, stdin: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    return command(main, arguments, stdin=stdin, env=env)


def process(*arguments: str, **env: str) -> subprocess.Popen[str]:
    argv, pipe = [sys.executable, "-m", "agent", *arguments], subprocess.PIPE
    return subprocess.Popen(argv, cwd=TOP, env={**foreign_environment(), **env}, stdout=pipe, stderr=pipe, text=True)


def said(run: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(run.stdout)
    return result


def test_a_project_is_made_without_an_account(tmp_path: Path, package_cache: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    options = ("--root", str(root), "--task", "Create a FastAPI health endpoint", "--yes")
    with process(*options, XDG_CACHE_HOME=str(package_cache)) as started:
        out, err = started.communicate(timeout=SOON)
    run = subprocess.CompletedProcess(options, started.returncode, out, err)
    assert run.returncode == 0, run.stderr
    assert said(run)["tests"]["status"] == "passed"
    assert said(run)["usage"] == {"tokens": said(run)["usage"]["tokens"], "calls": 3, "cost_usd": "0"}
    assert "plan_ready" in run.stderr
    assert "100%" in run.stderr
    assert (root / "app/main.py").is_file()
    assert not (root / ".git").exists()


def test_a_plan_that_is_not_agreed_to_changes_nothing(tmp_path: Path) -> None:
    run = agent("--root", str(tmp_path), "--task", "Create a FastAPI health endpoint", stdin="n\n")
    assert run.returncode == 3
    assert said(run)["status"] == "rejected"
    assert "1. Write the FastAPI application" in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unclear_task_asks_and_stops(tmp_path: Path) -> None:
    asks = unclear("Which \x1b[2Jshop?")
    with serve(script(code="", DraftPlan=[asks])) as server:
        options = ("--root", str(tmp_path), "--task", "Fix the thing", "--model", "scripted", "--base-url", server.url)
        run = agent(*options, OPENAI_API_KEY="k")
    assert run.returncode == 4
    assert (said(run)["status"], said(run)["reason"]) == ("paused", "question")
    assert "Which [2Jshop? Answer the question" in run.stderr
    assert "\x1b" not in run.stderr


def test_the_plan_says_why_and_what_it_will_take(tmp_path: Path) -> None:
    steps = [{"title": "Do it", "why": "that is where it is", "files": ["a.py"], "kind": "modify"}]
    with serve(script(code="", DraftPlan=[plan("a.py", steps=steps, questions=["Or there?"])])) as server:
        options = ("--root", str(tmp_path), "--task", "Fix the thing", "--model", "scripted", "--base-url", server.url)
        run = agent(*options, stdin="n\n", OPENAI_API_KEY="k")
    assert run.returncode == 3
    for line in ("  1. Do it: a.py", "     that is where it is", "  Question: Or there?", "cost unknown", "(a rough guess)"):
        assert line in run.stderr


def test_a_task_file_and_a_real_endpoint_edit_a_repository(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "x = 1\n", "b.py": "y = 1\n"})
    task = {"task": "Set x to 2", "target_stack": "fastapi", "constraints": ["no extra libraries"]}
    (tmp_path / "task.json").write_text(json.dumps({**task, "existing_project_path": str(root)}))
    with serve(script(code="FILE: a.py\nx = 2\n", files=["a.py"])) as server:
        options = ("--json", str(tmp_path / "task.json"), "--model", "scripted", "--yes", "--sandbox", "bubblewrap")
        run = agent(*options,
                    OPENAI_BASE_URL=server.url, OPENAI_API_KEY="k", XDG_CACHE_HOME=str(tmp_path / "cache"))  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert git(root, "diff", "--name-only") == "a.py\n"
    assert any("no extra libraries" in message["content"] for body in server.requests for message in body["messages"])


def test_anthropic_drives_a_run_too(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "x = 1\n"})
    team = script(code="FILE: a.py\nx = 2\n", files=["a.py"])
    with scripted_anthropic.serve(scripted_anthropic.by_messages(team)) as server:
        options = ("--root", str(root), "--task", "Set x to 2", "--stack", "fastapi", "--model", "anthropic/claude", "--yes")
        run = agent(*options, ANTHROPIC_BASE_URL=server.url, ANTHROPIC_API_KEY="k", XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert run.returncode == 0, run.stderr
    assert git(root, "diff", "--name-only") == "a.py\n"
    assert {body["model"] for body in server.requests} == {"claude"}


def test_a_provider_that_is_down_exits_as_paused(tmp_path: Path) -> None:
    with serve(lambda messages: Reply(status=503)) as server:
        run = agent(
            "--root", str(tmp_path), "--task", "Make a FastAPI app", "--model", "m", "--yes", OPENAI_BASE_URL=server.url
        )
    assert run.returncode == 4
    assert said(run)["reason"] == "provider"


def test_an_interrupt_ends_the_run_and_its_processes(tmp_path: Path) -> None:
    with serve(lambda messages: Reply("x" * 50, fault="stall")) as server:
        options = ("--root", str(tmp_path), "--task", "Make a FastAPI app", "--model", "m")
        started = process(*options, OPENAI_BASE_URL=server.url, OPENAI_API_KEY="k")
        deadline = time.monotonic() + SOON
        while not server.requests and time.monotonic() < deadline:
            time.sleep(0.05)
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=SOON)
    assert started.returncode == 130
    assert json.loads(out)["status"] == "cancelled"
    assert "Traceback" not in err


def test_failures_and_usage_have_their_codes(tmp_path: Path) -> None:
    assert said(empty := agent("--root", str(tmp_path), "--task", "  "))["error"]["code"] == "task_unclear"
    assert empty.returncode == 1
    assert agent("--root", str(tmp_path / "nowhere"), "--task", "Make a FastAPI app").returncode == 2
    assert agent("--root", str(tmp_path)).returncode == 2
    (tmp_path / "task.json").write_text('{"task": "Make it", "output_mode": "guess"}')
    bad = agent("--root", str(tmp_path), "--json", str(tmp_path / "task.json"))
    assert bad.returncode == 2
    assert "task.json can't be used: output_mode: Input should be 'generate_new' or 'patch_existing'" in bad.stderr
    no_root = agent("--task", "Make a FastAPI app")
    assert no_root.returncode == 2
    assert "--root DIR" in no_root.stderr
    capped = agent("--root", str(tmp_path), "--task", "Make a FastAPI app", "--max-tokens", "100")
    assert capped.returncode == 4
    assert said(capped)["reason"] == "budget"
