"""A command whose outcome is not known goes on when it is typed again, instead of doing all of it twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mgx_cli.unanswered import Attempt

from tests.cli.conftest import Mgx
from tests.cli.standin import Standin

TASK = ("task", "Add a health endpoint", "--json")


def keys(server: Standin, path: str) -> list[str]:
    return [headers["Idempotency-Key"] for method, asked, headers, _ in server.requests if (method, asked) == ("POST", path)]


def remembered(home: Path) -> dict[str, Any]:
    file = home / "config/mgx/unanswered.json"
    if not file.exists():
        return {}
    assert file.stat().st_mode & 0o777 == 0o600
    entries: dict[str, Any] = json.loads(file.read_text())
    return entries


@pytest.mark.parametrize("status", [500, 502, 504])
def test_the_same_command_sends_the_same_keys(mgx: Mgx, server: Standin, home: Path, status: int) -> None:
    server.busy = [(status, "server_error", "")]
    assert mgx(*TASK).returncode in (1, 6)
    assert len(remembered(home)) == 1
    assert mgx("task", "Add another endpoint", "--json").returncode in (0, 4)
    assert mgx(*TASK).returncode in (0, 4)
    assert not remembered(home), "it was answered"
    assert mgx(*TASK).returncode in (0, 4)
    first, other, again, meant_again = keys(server, "/api/repositories/connect")
    assert first == again
    assert len({first, other, meant_again}) == 3
    assert len(set(keys(server, "/api/runs"))) == 3, "what had not been asked yet is asked with keys of its own"


def test_what_was_refused_is_not_remembered(mgx: Mgx, server: Standin, home: Path) -> None:
    server.busy = [(409, "limit_reached", "")]
    assert mgx(*TASK).returncode == 1
    assert not remembered(home)


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_refusal_in_between_does_not_forget_the_lost_answer(mgx: Mgx, server: Standin, home: Path, status: int) -> None:
    server.busy = [(500, "server_error", "")]
    assert mgx(*TASK).returncode == 1
    server.busy = [(status, "refused", "")]
    assert mgx(*TASK).returncode != 0
    assert len(remembered(home)) == 1, "what became of the first one is still not known"
    assert mgx(*TASK).returncode in (0, 4)
    first, refused, again = keys(server, "/api/repositories/connect")
    assert first == refused == again


def test_a_try_that_was_lost_is_not_forgotten_when_the_next_one_is_refused() -> None:
    command = Attempt()
    command._before = None
    command.key("http://server", "/api/runs", b"{}")
    command.failed(connected=True)
    command.failed(connected=False)
    assert command._unclear
    command.key("http://server", "/api/runs", b"{}")
    command.failed(connected=False)
    assert not command._unclear, "a server that is away has done nothing"


def test_who_means_it_again_is_told_that_it_was_done(mgx: Mgx, server: Standin) -> None:
    server.replays = True
    done = mgx(*TASK)
    assert done.returncode in (0, 4), done.stderr
    assert "The same command has done this already" in done.stderr


def test_a_damaged_file_is_replaced(mgx: Mgx, server: Standin, home: Path) -> None:
    (home / "config/mgx").mkdir(parents=True)
    (home / "config/mgx/unanswered.json").write_text('{"a": [1], "b"')
    server.busy = [(500, "server_error", "")]
    assert mgx(*TASK).returncode == 1
    assert len(remembered(home)) == 1
