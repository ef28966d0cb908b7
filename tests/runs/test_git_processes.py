"""How many git processes, statements and transactions a run takes: each costs time, and hundreds of runs share a machine."""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from runs.actors import do_next_run
from runs.models.run_state import Status
from runs.worker import event_sink, time_budget
from tests.support.scripted_openai import Call, Reply
from tests.support.team_script import plan, review, script

from .conftest import Tenant, git

MOST = 19
CALLS = 10
STATEMENTS, COMMITS = 147, 30
COMMIT = "COMMIT"


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that gets a line for each git process, with its arguments."""
    real, log = shutil.which("git"), tmp_path / "git.log"
    log.touch()
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f'#!/bin/sh\necho "$*" >> "{log}"\nexec "{real}" "$@"\n')
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return log


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What the phases ask of the database: each statement's beginning, and ``COMMIT``. Not what depends on how long they take:
    events that wait are written with the next transaction, and time is bought in one slice."""
    seen: Counter[str] = Counter()
    execute, commit = CursorWrapper.execute, BaseDatabaseWrapper.commit

    def mine() -> bool:
        here = threading.current_thread()
        return here is threading.main_thread() or here.name.startswith("run-db")

    def counting(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        if mine():
            seen[" ".join(str(sql).replace('"', "").split()[:3])] += 1
        return execute(self, sql, params)

    def committing(self: BaseDatabaseWrapper) -> None:
        if mine():
            seen[COMMIT] += 1
        commit(self)

    monkeypatch.setattr(CursorWrapper, "execute", counting)
    monkeypatch.setattr(BaseDatabaseWrapper, "commit", committing)
    monkeypatch.setattr(event_sink, "FLUSH_DELAY", 600.0)
    monkeypatch.setattr(event_sink, "FLUSH_SECONDS", 600.0)
    monkeypatch.setattr(time_budget, "SLICE_MS", 600_000)
    return seen


def calls(tool: str, **arguments: object) -> Reply:
    return Reply(calls=[Call(tool, arguments)], finish_reason="tool_calls")


def test_a_run_of_ten_calls_is_cheap(tenant: Tenant, shop: Path, scripted: Any, started: Path, asked: Counter[str]) -> None:
    edit = calls("edit", path="shop/prices.py", old="sum(prices)", new="sum(price for price in prices if price is not None)")
    answers = {
        "DraftPlan": [calls("list", path="shop"), calls("read", paths=["tests"]), plan("shop/prices.py")],
        "WriteCode": [
            calls("search", pattern="total"), edit, calls("run", command="mkdir -p cache && touch cache/x shop/y.pyc; ls"),
            calls("finish", summary="None is left out.", subject="Ignore prices that are None"),
        ],
        "ReviewCode": [calls("search", pattern="None"), review()],
    }  # fmt: skip
    with scripted(script(code="", **answers)) as server:
        link = tenant.link(shop, is_primary=True)
        run = tenant.run(tenant.task(repository_id=link.pk, description="Let total() skip None"), auto_approve=True)
        asked.clear()
        do_next_run()
        run.refresh_from_db()
    commits, told = asked.pop(COMMIT), dict(asked.most_common())
    assert run.status == Status.COMPLETED, run.error
    assert len(server.requests) == CALLS
    assert git("diff", "--name-only", f"main..{run.branch_name}", cwd=shop) == "shop/prices.py"
    lines = started.read_text().splitlines()[:-1]  # the last one is our own
    assert lines and len(lines) <= MOST, "\n".join([str(Counter(line.split()[0] for line in lines)), *lines])
    assert commits <= COMMITS, commits
    assert sum(told.values()) <= STATEMENTS, told
