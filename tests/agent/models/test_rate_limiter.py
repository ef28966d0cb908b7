"""The gate keeps an endpoint's limits for everyone in the process, in the order of asking."""

from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace

import pytest

from agent.errors import RateLimited
from agent.models import rate_limiter
from agent.models.rate_limiter import RateLimiter, gate_for
from tests.agent.models.endpoints import REQUEST, open_to, silent
from tests.support.patience import SOON, Clock
from tests.support.scripted_openai import serve

pytestmark = pytest.mark.asyncio

WINDOW = 0.3


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rate_limiter, "time", clock)
    monkeypatch.setattr(rate_limiter, "asyncio", SimpleNamespace(sleep=clock.sleep_async))
    return clock


async def enter_all(clock: Clock, gate: RateLimiter, tokens: list[int]) -> list[float]:
    """Seconds after which each had its turn, in the order of asking; nobody comes in before it."""
    started = clock.now

    async def one(count: int) -> float:
        turn = await gate.enter(count, "host")
        assert clock.now >= turn.start
        return turn.start - started

    return await asyncio.gather(*(one(count) for count in tokens))


def worst_window(times: list[float], counts: list[int]) -> int:
    return max(sum(c for t, c in zip(times, counts, strict=True) if start <= t < start + WINDOW * 0.98) for start in times)


async def test_no_window_has_more_requests_than_the_limit(clock: Clock) -> None:
    times = await enter_all(clock, RateLimiter(requests=3, window=WINDOW), [1] * 8)
    assert worst_window(times, [1] * 8) <= 3
    assert times == sorted(times)
    assert times[-1] == pytest.approx(2 * WINDOW)


async def test_no_window_has_more_tokens_than_the_limit(clock: Clock) -> None:
    counts = [60, 30, 50, 10, 100, 40]
    times = await enter_all(clock, RateLimiter(tokens=100, window=WINDOW), counts)
    assert worst_window(times, counts) <= 100
    assert times == sorted(times)


async def test_a_call_larger_than_the_limit_gets_a_window_of_its_own(clock: Clock) -> None:
    times = await enter_all(clock, RateLimiter(tokens=100, window=WINDOW), [500, 10])
    assert times == pytest.approx([0, WINDOW])


async def test_what_a_call_did_not_take_is_free_for_the_next() -> None:
    gate = RateLimiter(tokens=100, window=60)
    (await gate.enter(100, "host")).tokens = 10
    await asyncio.wait_for(gate.enter(90, "host"), SOON / 2)


async def test_a_cancelled_wait_gives_its_turn_back() -> None:
    gate = RateLimiter(requests=1, window=240)
    first = await gate.enter(1, "host")
    for _ in range(2):
        waiting = asyncio.create_task(gate.enter(1, "host"))
        await asyncio.sleep(0)
        assert [turn.start for turn in gate._turns] == [first.start, pytest.approx(first.start + 240)]
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_a_queue_that_is_too_long_is_refused_with_the_time() -> None:
    gate = RateLimiter(requests=1, window=1000)
    await gate.enter(1, "host")
    with pytest.raises(RateLimited, match="17 min") as refused:
        await gate.enter(1, "host")
    assert refused.value.retry_after == pytest.approx(1000, abs=1)


async def test_a_closed_gate_refuses_who_can_not_wait_and_holds_who_can(clock: Clock) -> None:
    gate, started = RateLimiter(), clock.now
    gate.close_for(0.2)
    with pytest.raises(RateLimited):
        await gate.enter(1, "host", patience=0.1)
    await gate.enter(1, "host", patience=1)
    assert clock.now - started == pytest.approx(0.2)


async def test_threads_share_the_gate_of_an_endpoint_and_key() -> None:
    assert gate_for("http://a/v1", "k", 2, None) is gate_for("http://a/v1", "k", 3, None)
    assert gate_for("http://a/v1", "k", 3, None) is not gate_for("http://a/v1", "other", 3, None)
    gate = RateLimiter(requests=2, window=WINDOW)
    times: list[float] = []
    started = time.monotonic()

    def run() -> None:
        times.append(asyncio.run(gate.enter(1, "host")).start - started)

    threads = [threading.Thread(target=run) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    assert worst_window(times, [1] * 5) <= 2


async def test_a_model_waits_at_the_gate() -> None:
    with serve(lambda messages: "x") as server:
        model = open_to(server, requests_per_minute=2)
        for _ in range(2):
            await model.complete(REQUEST, silent)
        third = asyncio.create_task(model.complete(REQUEST, silent))
        done, _ = await asyncio.wait([third], timeout=0.2)
        assert not done
        assert len(server.requests) == 2
        third.cancel()
        with pytest.raises(asyncio.CancelledError):
            await third
        await model.aclose()
