"""A worker hangs twice in one run: it is started again each time, and the run is paused with the reason; others go on."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

from runs.models import TaskRun
from runs.models.run_state import Status

from ..support.patience import SOON, wait_for
from ..support.scripted_openai import serve
from ..support.team_script import script
from ..support.worker import worker
from .conftest import Tenant, make_tenant, types

OTHERS = "Create a service for the other tenant"


def child_of(watcher: int) -> int:
    """The process that works, below the one that watches it; 0 while there is none."""
    children = Path(f"/proc/{watcher}/task/{watcher}/children").read_text().split()
    return int(children[0]) if children else 0


def test_a_run_that_hangs_two_workers_is_paused_and_the_next_one_is_done(tenant: Tenant, tmp_path: Path) -> None:
    team, reached, opened = script(code=""), threading.Semaphore(0), threading.Event()

    def stands(messages: list[dict[str, str]]) -> Any:
        if not any(OTHERS in str(message["content"]) for message in messages):
            reached.release()
            opened.wait(300)
        return team(messages)

    run = tenant.run()
    with serve(stands) as model:
        env = {"MGX_MODEL": "openai/scripted", "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "k"}
        silence = {"MGX_WORKER_SILENCE_SECONDS": "10", "MGX_LEASE_SECONDS": "3"}
        with worker(log=tmp_path / "worker.log", **env, **silence) as watcher:
            try:
                for _ in range(2):
                    assert reached.acquire(timeout=SOON)
                    hung = child_of(watcher.pid)
                    os.kill(hung, signal.SIGSTOP)
                    wait_for(lambda hung=hung: child_of(watcher.pid) not in (0, hung))
                other = make_tenant("other")
                theirs = other.run(other.task(OTHERS))
                wait_for(lambda: TaskRun.across_tenants.get(pk=run.pk).status == Status.PAUSED)
                wait_for(lambda: TaskRun.across_tenants.get(pk=theirs.pk).status == Status.AWAITING_APPROVAL)
            finally:
                opened.set()
    run.refresh_from_db()
    assert run.pause_reason == "worker"
    assert "died 2 times" in run.error["detail"] and "mgx resume" in run.error["hint"]
    assert types(run).count("recovered") == 1
    log = (tmp_path / "worker.log").read_text()
    assert log.count("has not responded") == 2
    assert "most recent call first" in log
