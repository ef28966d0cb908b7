"""The limits of a credential: what can wait is spread and keeps a reserve; what somebody waits for goes at once."""

from __future__ import annotations

import time

import pytest
from limits.storage import memory

from agent.rate_limits import Charge, LimitStore, limiter, storage
from agent.rate_limits.storage import OwnStorage
from repositories.errors import HostBusy
from repositories.hosting import service_limits
from repositories.hosting.service_limits import MAX_TURN, SPARING, WRITES, ServiceLimits, sparing, wait_of
from tests.support.patience import Clock


def headers(remaining: int, reset: float) -> dict[str, str]:
    return {"x-ratelimit-limit": "100", "x-ratelimit-remaining": str(remaining), "x-ratelimit-reset": str(int(reset))}


def test_the_reserve_is_for_runs() -> None:
    limits = ServiceLimits("https://a", "one")
    limits.learn(200, headers(11, time.time() + 60))
    with sparing():
        limits.enter(writes=False)
        limits.learn(200, headers(10, time.time() + 60))
        with pytest.raises(HostBusy) as raised:
            limits.enter(writes=False)
    assert 55 < raised.value.retry_after <= 60
    limits.enter(writes=False)  # a run
    limits.learn(200, headers(0, time.time() - 1))
    with sparing():
        limits.enter(writes=False)  # a new window


def test_what_can_wait_is_not_asked_while_we_were_told_to_wait() -> None:
    limits = ServiceLimits("https://a", "one")
    limits.learn(403, {"retry-after": "30"})
    with sparing(), pytest.raises(HostBusy):
        limits.enter(writes=False)
    limits.enter(writes=False)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Nothing takes time but what is waited for; so it is counted in this process."""
    clock = Clock()
    clock.now -= clock.now % 60  # a window begins
    store = LimitStore(OwnStorage())
    monkeypatch.setattr(service_limits, "shared_store", lambda url: store)
    for module in (limiter, storage, memory):
        monkeypatch.setattr(module, "time", clock)
    return clock


def test_what_can_wait_is_spread(clock: Clock) -> None:
    limits, began = ServiceLimits("https://a", "one"), clock.now
    with sparing():
        for _ in range(4 * SPARING.amount):
            limits.enter(writes=False)
    assert 3 <= clock.now - began < 4


def test_a_single_act_does_not_wait_and_a_series_of_writes_does(clock: Clock) -> None:
    limits, began = ServiceLimits("https://a", "one"), clock.now
    for _ in range(WRITES.amount):
        limits.enter(writes=True)
    assert clock.now == began
    for _ in range(5 * WRITES.amount):
        limits.enter(writes=True)
    assert 24 < clock.now - began < 31, "one a second"


def test_each_credential_has_limits_of_its_own() -> None:
    ServiceLimits("https://a", "one").learn(403, {"retry-after": "30"})
    with sparing():
        with pytest.raises(HostBusy):
            ServiceLimits("https://a", "one").enter(writes=False)
        ServiceLimits("https://a", "two").enter(writes=False)
        ServiceLimits("https://b", "one").enter(writes=False)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({}, 60.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, 1.0),
        ({"retry-after": "99999999"}, 3600.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "999999999999"}, 3600.0),
        ({"retry-after": "\u00b2"}, 60.0),
        ({"retry-after": "9" * 400}, 60.0),
    ],
)
def test_how_long_an_answer_asks_us_to_wait(said: dict[str, str], seconds: float) -> None:
    assert wait_of(said) == seconds


def test_what_a_service_says_can_break_nothing_nor_hold_us_up_for_days() -> None:
    limits = ServiceLimits("https://a", "one")
    limits.learn(200, {"x-ratelimit-limit": "\u00b2", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 400})
    limits.learn(403, {**headers(0, time.time() + 1e9), "retry-after": "99999999"})
    with sparing(), pytest.raises(HostBusy) as raised:
        limits.enter(writes=False)
    assert raised.value.retry_after <= 3600


def test_nobody_waits_long_behind_the_writes_of_others() -> None:
    """All of them ask at the same moment."""
    limits = ServiceLimits("https://a", "one")
    for _ in range(WRITES.amount):
        limits.enter(writes=True)
    waiting = [limiter._lines.join((limits._limiter.key, WRITES), [Charge(WRITES)])[0] for _ in range(int(MAX_TURN) + 1)]
    try:
        with pytest.raises(HostBusy) as raised:
            limits.enter(writes=True)
    finally:
        for waiter in waiting:
            limiter._lines.leave((limits._limiter.key, WRITES), waiter)
    assert raised.value.retry_after == MAX_TURN + 1
    assert limiter._lines._lines == {}, "who is sent away takes nobody's turn"
