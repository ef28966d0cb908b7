"""Workers that freeze at any moment: their runs go on elsewhere, and nobody else waits for them."""

from __future__ import annotations

import os
import signal
import statistics
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from runs.models import TaskRun
from runs.models.run_state import Status
from workspaces.models import Event

from ..runs.conftest import make_tenant
from ..runs.test_hung_worker import child_of
from ..support.drills import chance, times
from ..support.patience import wait_for
from ..support.scripted_openai import Reply, serve
from ..support.session_bounds import IDLE_SECONDS, session_bounds
from ..support.signals import send
from ..support.team_script import plan
from ..support.worker import worker

LEASE = 3.0
ANSWER_SECONDS = 0.5
GRACE = float(times(2, 30))
"""What a takeover may take beyond the lease (seconds); the short form runs beside other tests."""


def test_a_frozen_worker_delays_its_own_run_by_its_lease_and_others_not_at_all(transactional_db: None, tmp_path: Path) -> None:
    """Beside each frozen worker a second one works. What a start takes on this machine without any fault is allowed on top."""
    random = chance("freezes")
    mine, other = make_tenant("frozen"), make_tenant("other")
    quiet: list[float] = []
    recovered: list[float] = []
    started: list[float] = []
    with ExitStack() as held, session_bounds(), serve(lambda messages: Reply(plan("x"), delay=ANSWER_SECONDS)) as model:
        env = {
            "MGX_MODEL": "openai/scripted",
            "OPENAI_BASE_URL": model.url,
            "OPENAI_API_KEY": "k",
            "MGX_LEASE_SECONDS": str(LEASE),
        }
        two = [held.enter_context(worker(log=tmp_path / f"{number}.log", **env)) for number in (1, 2)]
        wait_for(lambda: all("worker ready" in (tmp_path / f"{number}.log").read_text() for number in (1, 2)))
        for _ in range(times(10, 2)):
            quiet.append(_start_of(other.run()))
        for _ in range(times(30, 3)):
            run = mine.run()
            _started(run)
            time.sleep(random.uniform(0, ANSWER_SECONDS * 1.5))
            watcher = two[random.randrange(2)].pid
            frozen = wait_for(lambda watcher=watcher: child_of(watcher))  # none for a moment, where one was started anew
            os.kill(frozen, signal.SIGSTOP)
            began = time.monotonic()
            try:
                run.refresh_from_db()
                fence = run.fence
                started.append(_start_of(other.run()))
                wait_for(lambda run=run: _of(run).status == Status.AWAITING_APPROVAL, told=lambda: _logs(tmp_path))
                if _of(run).fence > fence:
                    recovered.append(time.monotonic() - began)
            finally:
                send(frozen, signal.SIGCONT)  # its watcher ends one that is silent for too long
            assert _of(run).error is None
    allowed = LEASE + GRACE + max(quiet) + ANSWER_SECONDS
    print(f"starts beside a frozen worker: p95 {_p95(started):.2f} s; undisturbed {_p95(quiet):.2f} s")
    print(f"{len(recovered)} runs taken over: p95 {_p95(recovered or [0.0]):.2f} s after the freeze; allowed {allowed:.2f} s")
    assert _p95(started) <= allowed
    # One that was frozen in a transaction keeps its run's lock for longer than its lease: a few of many, or by chance all.
    assert max(recovered, default=0.0) <= allowed - LEASE + IDLE_SECONDS
    if len(recovered) >= 5:
        assert statistics.median(recovered) <= allowed


def _of(run: TaskRun) -> TaskRun:
    return TaskRun.across_tenants.get(pk=run.pk)


def _started(run: TaskRun) -> None:
    wait_for(lambda: _of(run).started_at is not None)


def _start_of(run: TaskRun) -> float:
    """Seconds until the team began, by the database's clock."""
    begins = Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk, type="analysis_start")
    wait_for(begins.exists)
    return (begins.get().created_at - run.created_at).total_seconds()


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[18] if len(seconds) > 1 else seconds[0]


def _logs(directory: Path) -> Any:
    return "\n".join(path.read_text()[-1500:] for path in sorted(directory.glob("*.log")))
