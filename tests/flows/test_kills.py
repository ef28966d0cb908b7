"""kill -9 of the web process while somebody watches a run. Kills of all others are in `tests/drills`."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from websockets.exceptions import ConnectionClosed

from ..support.patience import SOON
from ..support.scripted_openai import Reply
from ..support.team_script import script
from .conftest import CODE, Server


class Gate:
    """A team whose engineer answers only when the gate opens: the run stands in the middle of `execute_run` until then."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self.team = script(code=CODE, files=["shop/prices.py"])

    def __call__(self, messages: list[dict[str, str]]) -> str | Reply:
        said = self.team(messages)
        if self.team.asked[-1] == "WriteTest":
            self.reached.set()
            self.opened.wait(SOON)
        return said


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
    assert gate.reached.wait(SOON)
    server.kill("web")
    reader.join(SOON)
    before = len(seen)
    assert before > 0
    gate.opened.set()
    assert read_until_closed(seen[-1])
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) > before
