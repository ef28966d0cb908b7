"""The gate of a credential: what can wait is spread and keeps a reserve; what somebody waits for goes at once."""

from __future__ import annotations

import time

import pytest

from repositories.errors import HostBusy
from repositories.hosting import rate_limiter
from repositories.hosting.rate_limiter import MAX_TURN, WRITES_AT_ONCE, RequestLimiter, gate_of, sparing, wait_of
from tests.support.patience import Clock


def headers(remaining: int, reset: float) -> dict[str, str]:
    return {"x-ratelimit-limit": "100", "x-ratelimit-remaining": str(remaining), "x-ratelimit-reset": str(int(reset))}


def test_the_reserve_is_for_runs() -> None:
    gate = RequestLimiter()
    gate.learn(200, headers(11, time.time() + 60))
    with sparing():
        gate.enter(writes=False)
        gate.learn(200, headers(10, time.time() + 60))
        with pytest.raises(HostBusy) as raised:
            gate.enter(writes=False)
    assert 55 < raised.value.retry_after <= 60
    gate.enter(writes=False)  # a run
    gate.learn(200, headers(0, time.time() - 1))
    with sparing():
        gate.enter(writes=False)  # a new window


def test_what_can_wait_is_not_asked_while_we_were_told_to_wait() -> None:
    gate = RequestLimiter()
    gate.learn(403, {"retry-after": "30"})
    with sparing(), pytest.raises(HostBusy):
        gate.enter(writes=False)
    gate.enter(writes=False)


def test_what_can_wait_is_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(rate_limiter, "time", clock)
    gate, began = RequestLimiter(), clock.now
    with sparing():
        for _ in range(6):
            gate.enter(writes=False)
    assert clock.now - began == pytest.approx(5 / rate_limiter.SPARING_PER_SECOND)


def test_a_single_act_does_not_wait_and_a_series_of_writes_does(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(rate_limiter, "time", clock)
    gate, began = RequestLimiter(), clock.now
    for _ in range(WRITES_AT_ONCE):
        gate.enter(writes=True)
    assert clock.now == began
    gate.enter(writes=True)
    assert clock.now - began == pytest.approx(1)


def test_each_credential_has_its_gate() -> None:
    assert gate_of("https://a", "one") is gate_of("https://a", "one")
    assert gate_of("https://a", "one") is not gate_of("https://a", "two")
    assert gate_of("https://a", "one") is not gate_of("https://b", "one")


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


def test_what_a_service_says_can_break_nothing_nor_close_its_gate_for_days() -> None:
    gate = RequestLimiter()
    gate.learn(200, {"x-ratelimit-limit": "\u00b2", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9" * 400})
    gate.learn(403, {**headers(0, time.time() + 1e9), "retry-after": "99999999"})
    with sparing(), pytest.raises(HostBusy) as raised:
        gate.enter(writes=False)
    assert raised.value.retry_after <= 3600


def test_nobody_waits_long_behind_the_writes_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    clock = Clock()
    monkeypatch.setattr(clock, "sleep", slept.append)  # all of them ask at the same moment
    monkeypatch.setattr(rate_limiter, "time", clock)
    gate = RequestLimiter()
    with pytest.raises(HostBusy) as raised:
        for _ in range(100):
            gate.enter(writes=True)
    assert max(slept) <= MAX_TURN < raised.value.retry_after <= MAX_TURN + 1
    assert len(slept) == WRITES_AT_ONCE + MAX_TURN, "who is sent away takes nobody's turn"
