"""A server that has no room for a request: the CLI waits as long as it is told, says so, and gives up in the end."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.cli.conftest import Mgx
from tests.cli.standin import Standin


def test_a_refused_request_is_sent_again_when_the_server_says(mgx: Mgx, server: Standin) -> None:
    server.busy = [(429, "rate_limited", "1")]
    began = time.monotonic()
    done = mgx("list", "--all", "--json")
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began >= 1
    assert "9 requests. Trying again in 1 s." in done.stderr
    json.loads(done.stdout)  # nothing of it in the data
    assert [path for _, path, _, _ in server.requests].count("/api/runs") == 2


def test_a_write_is_sent_again_with_its_own_key(mgx: Mgx, server: Standin) -> None:
    server.busy = [(429, "rate_limited", "0"), (503, "unavailable", "0")]
    done = mgx("task", "Add a health endpoint", "--json")
    assert done.returncode in (0, 4), done.stderr
    keys = [headers["Idempotency-Key"] for _, path, headers, _ in server.requests if path == "/api/repositories/connect"]
    assert len(keys) == 3 and len(set(keys)) == 1


@pytest.mark.parametrize(
    ("busy", "asked"),
    [
        ([(429, "rate_limited", "0")] * 3, 3),
        ([(429, "rate_limited", "3600")], 1),
        ([(429, "sign_in_refused", "60")], 1),
    ],
)
def test_it_gives_up_and_says_why(mgx: Mgx, server: Standin, busy: list[Any], asked: int) -> None:
    server.busy = list(busy)
    done = mgx("list", "--all", "--json")
    assert done.returncode == 1
    assert "9 requests" in done.stderr
    assert len([path for _, path, _, _ in server.requests if path == "/api/runs"]) == asked
