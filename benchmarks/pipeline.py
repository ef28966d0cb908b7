"""What a run costs beside its model and its sandboxed commands: from its first event of work to the commit.

The model is a scripted endpoint that answers at once, over real HTTP; eight of its ten answers call a tool, one edits.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.report import ReportLine, Yardstick, percentile
from benchmarks.server import Server, server
from tests.support.scripted_openai import Call, Message, Reply, serve
from tests.support.team_script import action_of, plan, review

FILES = {
    "pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\n",
    "shop/__init__.py": "",
    "shop/prices.py": "def total(prices):\n    return sum(prices)\n",
    "tests/test_prices.py": "from shop.prices import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n",
    **{f"shop/part_{n}.py": f"def part_{n}(value):\n    return value + {n}\n" for n in range(200)},
}


def _looks(tool: str, **arguments: object) -> Reply:
    return Reply(calls=[Call(tool, arguments)], finish_reason="tool_calls")


NEW = "    return sum(price for price in prices if price is not None)\n"
EDITED = _looks("edit", path="shop/prices.py", old="    return sum(prices)\n", new=NEW)
FINISHED = _looks("finish", summary="None is left out.", subject="Ignore prices that are None")

ANSWERS: dict[str, list[str | Reply]] = {
    "DraftPlan": [_looks("list", path="shop"), _looks("search", pattern=r"def total\b"), plan("shop/prices.py")],
    "WriteCode": [_looks("read", paths=["tests/test_prices.py"]), _looks("symbols", name="total"), EDITED, FINISHED],
    "WriteTest": ["NO CHANGE"],
    "ReviewCode": [_looks("search", pattern=r"total\("), review()],
}
CALLS = sum(map(len, ANSWERS.values()))
GIT_PROCESSES = 25


def main(quick: bool) -> list[ReportLine]:
    times = 3 if quick else 8
    turns: dict[str, int] = {}

    def answer(messages: list[Message]) -> str | Reply:
        action = action_of(messages)
        turns[action] = turns.get(action, 0) + 1
        return ANSWERS[action][(turns[action] - 1) % len(ANSWERS[action])]

    with tempfile.TemporaryDirectory(prefix="mgx-bench-repo-") as root, serve(answer) as model:
        repository = _repository(Path(root) / "shop")
        settings = {
            "MGX_MODEL": "openai/scripted",
            "OPENAI_BASE_URL": model.url,
            "OPENAI_API_KEY": "-",
            "MGX_LOCAL_ROOTS": root,
        }
        with server(**settings) as running:
            link = running.post("/api/repositories/connect", {"url": f"file://{repository}", "provider": "git"})
            processes = [_git_processes(repository) for _ in range(times)]
            runs = [_measured(running, link["id"], number) for number in range(times + 1)][1:]
    note = f"{CALLS} calls to a scripted endpoint, with tools, {len(FILES)} files; endpoint and sandbox taken off"
    git = Yardstick(f"{GIT_PROCESSES} git processes", percentile(processes, 50), 1)
    overhead = percentile([whole - others for whole, others in runs], 50)
    return [
        ReportLine("run's overhead, analysis to commit, p50", overhead, "ms", 400, note, git),
        ReportLine("run with its commands, analysis to commit, p50", percentile([whole for whole, _ in runs], 50), "ms"),
    ]


def _measured(running: Server, repository_id: str, number: int) -> tuple[float, float]:
    """The run's time from analysis to commit, and how much of it was the sandbox's and the endpoint's, in milliseconds."""
    task = {
        "description": f"Let total() ignore prices that are None, {number}",
        "repository_id": repository_id,
        "stack": "fastapi",
    }
    run_id = running.post("/api/runs", {"task_id": running.post("/api/tasks", task)["id"], "auto_approve": True})["id"]
    story = running.finish(run_id)
    calls = sum(event["type"] == "model_call" for event in story)
    if calls != CALLS:
        raise RuntimeError(f"the run made {calls} model calls, and the bound is for {CALLS}")
    timing = running.get(f"/api/runs/{run_id}/timing")
    model = sum(event["data"]["duration_ms"] for event in story if event["type"] == "model_call")
    return _at(story, "commit_created") - _at(story, "analysis_start"), timing["sandbox_seconds"] * 1000 + model


def _git_processes(repository: Path) -> float:
    """Milliseconds that `GIT_PROCESSES` take, one after the other."""
    began = time.perf_counter()
    for _ in range(GIT_PROCESSES):
        subprocess.run(["git", "-C", str(repository), "status", "--porcelain"], check=True, capture_output=True)
    return (time.perf_counter() - began) * 1000


def _at(story: list[dict[str, Any]], type: str) -> float:
    event = next(event for event in story if event["type"] == type)
    return datetime.fromisoformat(event["timestamp"]).timestamp() * 1000


def _repository(path: Path) -> Path:
    for name, text in FILES.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    who = ["-c", "user.name=Bench", "-c", "user.email=bench@example.com"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], [*who, "commit", "-q", "-m", "first"]):
        subprocess.run(["git", "-C", str(path), *command], check=True)
    return path
