"""kill -9 of any process in the middle of a run: the run completes, and its events are 1..N without a gap or a repeat."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed

from ..support.drills import Draw, some_of
from ..support.scripted_openai import Reply
from ..support.team_script import INSTRUCTIONS, script
from .conftest import CODE, Server, git


class Gate:
    """A team whose engineer answers only when the gate opens: the run stands in the middle of `execute_run` until then."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self.team = script(code=CODE, files=["shop/prices.py"])

    def __call__(self, messages: list[dict[str, str]]) -> str | Reply:
        said = self.team(messages)
        if self.team.asked[-1] == "WriteTest":
            self.reached.set()
            self.opened.wait(60)
        return said


def check(server: Server, run: dict[str, Any], repo: Path) -> list[dict[str, Any]]:
    done = server.finished(run["id"])
    assert done["status"] == "completed", done["error"]
    events = server.events(run["id"])
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    for once in ("run_queued", "plan_ready", "approved", "patch_applied", "tests_finished", "commit_created", "completion"):
        assert sum(event["type"] == once for event in events) == 1, once
    assert git("rev-parse", done["branch_name"], cwd=repo) == done["commit_sha"]
    assert git("diff", "--name-only", "main", done["branch_name"], cwd=repo) == "shop/prices.py"
    assert git("status", "--porcelain", cwd=repo) == ""
    return events


CHILDREN = ["worker", "valkey", "web", "postgres"]


@some_of(CHILDREN, 2)
def test_a_killed_process_costs_no_event_and_no_recorded_model_call(
    server: Server, shop: Path, draw: Draw[str], turn: int
) -> None:
    child = draw(CHILDREN, turn)
    gate = Gate()
    server.answer(gate)
    run = server.edit_run(shop)
    assert gate.reached.wait(60)
    server.kill(child)
    gate.opened.set()
    events = check(server, run, shop)
    written = [action for action in gate.team.asked if action != "WriteTest"]
    assert written == [action for action in dict.fromkeys(INSTRUCTIONS.values()) if action in written], (
        "each recorded call once"
    )
    assert (child == "worker") <= any(event["type"] == "recovered" for event in events)


def test_a_client_of_a_killed_web_process_comes_back_and_misses_nothing(server: Server, shop: Path) -> None:
    gate = Gate()
    server.answer(gate)
    run = server.edit_run(shop)
    seen: list[int] = []

    def read_until_closed(after: int) -> bool:
        """Whether the run's last event was seen."""
        with server.socket(f"/ws/runs/{run['id']}?after={after}") as socket:
            try:
                for frame in socket:
                    event = json.loads(frame)
                    if "seq" in event:
                        seen.append(event["seq"])
                    if event["type"] == "completion":
                        return True
            except ConnectionClosed:
                return False
        return False

    reader = threading.Thread(target=read_until_closed, args=(0,))
    reader.start()
    assert gate.reached.wait(60)
    server.kill("web")
    reader.join(60)
    before = len(seen)
    assert before > 0
    gate.opened.set()
    assert read_until_closed(seen[-1])
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) > before
