"""The counters themselves, on the real Redis: as the library counts, in one round trip, and shared by all processes."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
import time
from typing import Any

import pytest
import redis
from django.conf import settings
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from mgx_project.common.rates import counters
from mgx_project.common.rates.counters import Counters, Limit, count


@pytest.fixture
def who() -> str:
    return secrets.token_hex()


def test_what_is_counted_is_what_the_library_counts(who: str) -> None:
    theirs = SlidingWindowCounterRateLimiter(RedisStorage(settings.REDIS_URL, key_prefix="mgx:rate"))
    item = RateLimitItemPerMinute(5)
    ours = [count(Limit("principal", who, 5))[0] for _ in range(3)]
    assert [each.remaining for each in ours] == [4, 3, 2]
    assert theirs.hit(item, "principal", who)
    stats = theirs.get_window_stats(item, "principal", who)
    last = count(Limit("principal", who, 5))[0]
    assert (stats.remaining, last.remaining, last.allowed) == (1, 0, True)
    assert last.reset == pytest.approx(stats.reset_time - time.time(), abs=30)
    assert not count(Limit("principal", who, 5))[0].allowed
    assert not theirs.hit(item, "principal", who)


def test_all_limits_of_a_request_are_one_round_trip(who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    count(Limit("principal", who, 9))  # the scripts are there, and a connection is open
    sent: list[bytes] = []
    send = redis.connection.AbstractConnection.send_packed_command

    def watched(connection: Any, command: Any, *args: Any, **kwargs: Any) -> None:
        sent.append(b"".join(command) if isinstance(command, list) else command)
        send(connection, command, *args, **kwargs)

    monkeypatch.setattr(redis.connection.AbstractConnection, "send_packed_command", watched)
    counts = count(Limit("principal", who, 9), Limit("workspace", who, 9), Limit("failed", who, 0))
    assert [(each.limit.name, each.remaining) for each in counts] == [("principal", 7), ("workspace", 8)]
    assert len(sent) == 1
    assert sent[0].count(b"EVALSHA") == 4


def test_a_redis_that_was_emptied_counts_again(who: str) -> None:
    count(Limit("principal", who, 9))
    redis.Redis.from_url(settings.REDIS_URL).script_flush()
    assert count(Limit("principal", who, 9))[0].remaining == 7


def test_a_redis_that_has_one_of_the_scripts_counts_once(who: str) -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.script_flush()
    assert client.script_load(RedisStorage.SCRIPT_ACQUIRE_SLIDING_WINDOW)
    assert count(Limit("principal", who, 9))[0].remaining == 8


def test_processes_count_together(who: str) -> None:
    count(Limit("principal", who, 2))
    program = (
        "from django.conf import settings; "
        f"settings.configure(REDIS_URL={settings.REDIS_URL!r}); "
        "from mgx_project.common.rates.counters import *; "
        f"print(count(Limit('principal', {who!r}, 2))[0].remaining)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
    assert not count(Limit("principal", who, 2))[0].allowed


def test_a_redis_that_hangs_is_asked_once_and_left_alone(who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits again: a listener that never answers is asked by the first request only."""
    monkeypatch.setattr(counters, "REDIS_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(settings, "REDIS_URL", f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
        assert [count(Limit("principal", who, 1)) for _ in range(50)] == [[]] * 50
        listener.setblocking(False)
        listener.accept()[0].close()
        asked = 1
        while True:
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                break
            asked += 1
    assert asked < 10  # the library's own tries for the first one


def test_no_limit_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counters, "hit", lambda *args: pytest.fail("Redis was asked"))
    assert count(Limit("principal", "x", 0), Limit("workspace", "x", 0)) == []
