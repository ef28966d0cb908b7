"""Real worker processes that are drained or stopped in the middle of a run, which is handed on once and at once."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from runs.models import TaskRun
from runs.models.run_state import Status

from ..support.drills import times
from ..support.patience import SOON, wait_for
from ..support.scripted_openai import ScriptedOpenAI, serve
from ..support.team_script import script
from ..support.worker import worker
from .conftest import Tenant, types

OWN_SECONDS = times(5, 120)
"""From the signal's arrival until the worker has handed over what it held; undisturbed it takes a quarter of one, and the short
form runs beside other tests."""


@dataclass
class SlowModel:
    """Answers when it may."""

    asked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    may_answer: threading.Event = field(default_factory=threading.Event)
    server: ScriptedOpenAI | None = None

    @property
    def env(self) -> dict[str, str]:
        assert self.server is not None
        return {"MGX_MODEL": "openai/scripted", "OPENAI_BASE_URL": self.server.url, "OPENAI_API_KEY": "k"}


@pytest.fixture
def model() -> Iterator[SlowModel]:
    with _slow() as model:
        yield model


@contextmanager
def _slow() -> Iterator[SlowModel]:
    team, model = script(code=""), SlowModel()

    def answer(messages: Any) -> Any:
        model.asked.release()
        model.may_answer.wait(300)
        return team(messages)

    with serve(answer) as server:
        model.server = server
        try:
            yield model
        finally:
            model.may_answer.set()


def test_a_drained_worker_ends_its_phase_takes_nothing_more_and_ends(tenant: Tenant, model: SlowModel, tmp_path: Path) -> None:
    run = tenant.run()
    log = tmp_path / "worker.log"
    with worker(log=log, **model.env) as process:
        assert model.asked.acquire(timeout=SOON)
        process.send_signal(signal.SIGUSR1)
        waits = tenant.run()
        time.sleep(2)  # the reaper has looked for work twice
        assert process.poll() is None, "what it does is not cut short"
        model.may_answer.set()
        assert process.wait(SOON) == 0, log.read_text()[-2000:]
    run.refresh_from_db()
    waits.refresh_from_db()
    assert (run.status, run.lease_expires_at, run.fence) == (Status.AWAITING_APPROVAL, None, 1)
    assert (waits.status, waits.fence) == (Status.QUEUED, 0)
    assert "worker drained" in log.read_text()


def test_a_stopped_worker_hands_its_run_on_once_and_another_goes_on_with_it(
    tenant: Tenant, model: SlowModel, tmp_path: Path
) -> None:
    run = tenant.run()
    with worker(log=tmp_path / "first.log", **model.env) as first:
        assert model.asked.acquire(timeout=SOON)
        began = time.monotonic()
        first.terminate()
        assert first.wait(SOON) == 0, (tmp_path / "first.log").read_text()[-2000:]
        took = time.monotonic() - began
    own = _stopping_took(tmp_path / "first.log")
    print(f"stopped after {took:.2f} s, of which {own:.2f} s are the worker's own")
    assert own < OWN_SECONDS
    run.refresh_from_db()
    assert (run.status, run.lease_expires_at, run.lease_owner, run.fence) == (Status.PLANNING, None, "", 1)
    model.may_answer.set()
    with worker(log=tmp_path / "second.log", **model.env):
        wait_for(lambda: TaskRun.across_tenants.get(pk=run.pk).status == Status.AWAITING_APPROVAL)
    run.refresh_from_db()
    assert run.fence == 2 and run.worker_deaths == 0
    assert "recovered" not in types(run), "a hand-over is no death"


def _stopping_took(log: Path) -> float:
    """Seconds between what the worker says first and last."""
    said = log.read_text().splitlines()
    at = {
        words: datetime.fromisoformat(line.split()[0])
        for line in said
        for words in ("worker stopping", "worker stopped")
        if f" {words}" in line
    }
    return (at["worker stopped"] - at["worker stopping"]).total_seconds()
