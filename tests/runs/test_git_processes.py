"""How many git processes a run takes: each costs milliseconds, and hundreds of runs share a machine."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from runs.models.run_state import Status
from tests.support.scripted_openai import Call, Reply
from tests.support.team_script import plan, review, script

from .conftest import Tenant, drive, git

MOST = 25
CALLS = 10


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


def calls(tool: str, **arguments: object) -> Reply:
    return Reply(calls=[Call(tool, arguments)], finish_reason="tool_calls")


def test_a_run_of_ten_calls_starts_few_git_processes(tenant: Tenant, shop: Path, scripted: Any, started: Path) -> None:
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
        run = drive(tenant.run(tenant.task(repository_id=link.pk, description="Let total() skip None"), auto_approve=True))
    assert run.status == Status.COMPLETED, run.error
    assert len(server.requests) == CALLS
    assert git("diff", "--name-only", f"main..{run.branch_name}", cwd=shop) == "shop/prices.py"
    lines = started.read_text().splitlines()[:-1]  # the last one is our own
    assert lines and len(lines) <= MOST, "\n".join([str(Counter(line.split()[0] for line in lines)), *lines])
