"""A worker hangs twice in one run: it is started again each time, and the run is paused with the reason; others go on."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from ..support.scripted_openai import Reply
from ..support.team_script import script
from .conftest import CODE, Server, wait_for


def worker_of(server: Server) -> int:
    """The process that works, below the one that watches it."""
    watcher = server.state["children"]["worker"]["pid"]
    children = Path(f"/proc/{watcher}/task/{watcher}/children").read_text().split()
    return int(children[0]) if children else 0


def test_a_run_that_hangs_two_workers_is_paused_and_the_next_one_is_done(server: Server, shop: Path) -> None:
    team, reached, opened = script(code=CODE, files=["shop/prices.py"]), threading.Semaphore(0), threading.Event()

    def stands(messages: list[dict[str, str]]) -> str | Reply:
        said = team(messages)
        if team.asked[-1] == "WriteTest":
            reached.release()
            opened.wait(60)
        return said

    server.answer(stands)
    run = server.edit_run(shop)
    for _ in range(2):
        assert reached.acquire(timeout=60)
        hung = worker_of(server)
        os.kill(hung, signal.SIGSTOP)
        wait_for(lambda hung=hung: worker_of(server) not in (0, hung))
    paused = server.finished(run["id"])
    opened.set()
    assert (paused["status"], paused["pause_reason"]) == ("paused", "worker"), paused["error"]
    assert "mgx resume" in paused["error"]["hint"]
    server.answer(script(code=CODE, files=["shop/prices.py"]))
    assert server.post(f"/api/runs/{run['id']}/resume", {})["status"] == "executing"
    assert server.finished(run["id"])["status"] == "completed"
