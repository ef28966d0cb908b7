"""The limiter keeps limits, in this process and over Redis: in the order of asking, by waiting for what is known."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from limits import RateLimitItemPerDay, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import memory
from limits.storage import redis as redis_storage
from redis import Redis

from agent.rate_limits import Charge, LimitStore, RateLimiter, TooLongToWait, limiter, storage
from agent.rate_limits.storage import OwnStorage, SharedStorage
from tests.support.patience import SOON, Clock, in_a_new_window

TWO = RateLimitItemPerMinute(2)
HUNDRED = RateLimitItemPerMinute(100, namespace="tokens")
LONG = {"patience": 600.0, "patience_if_asked": 600.0}
AT_ONCE = {"patience": 0.0, "patience_if_asked": 0.0}
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def new_window(monkeypatch: pytest.MonkeyPatch) -> None:
    window = in_a_new_window()
    for module in (limiter, storage, memory, redis_storage):
        monkeypatch.setattr(module, "time", window)


@pytest.fixture
def redis_url() -> str:
    return os.environ["REDIS_URL"]


@pytest.fixture(params=["own", "shared"])
def store(request: pytest.FixtureRequest, redis_url: str) -> Iterator[LimitStore]:
    found = LimitStore(OwnStorage(), SharedStorage(redis_url) if request.param == "shared" else None)
    yield found
    if found.shared is not None:
        found.shared.storage.close()


@pytest.fixture
def make(store: LimitStore) -> Callable[[], RateLimiter]:
    """As another worker would: nothing is shared but the store."""
    key = uuid.uuid4().hex
    return lambda: RateLimiter(store, key)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (limiter, storage, memory):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(limiter, "asyncio", SimpleNamespace(sleep=clock.sleep_async, wrap_future=asyncio.wrap_future))
    return clock


async def enter_all(clock: Clock, item: RateLimitItemPerMinute, amounts: list[int], *, exact: bool) -> list[float]:
    """Windows after which each had its turn, in the order of asking."""
    mine, started = RateLimiter(LimitStore(OwnStorage()), "one"), clock.now

    async def one(amount: int) -> float:
        await mine.wait([Charge(item, amount, exact)], **LONG)
        return (clock.now - started) / item.get_expiry()

    return await asyncio.gather(*(one(amount) for amount in amounts))


def worst_window(times: list[float], amounts: list[int]) -> int:
    return max(sum(a for t, a in zip(times, amounts, strict=True) if start <= t < start + 0.98) for start in times)


async def test_no_window_has_more_requests_than_an_exact_limit(clock: Clock) -> None:
    times = await enter_all(clock, RateLimitItemPerMinute(3), [1] * 8, exact=True)
    assert worst_window(times, [1] * 8) <= 3
    assert times == sorted(times)
    assert times[-1] == pytest.approx(2, abs=0.01), "no slower than the limit"


async def test_a_counter_keeps_the_limit_from_window_to_window(clock: Clock) -> None:
    clock.now -= clock.now % 60  # a window begins
    amounts = [60, 30, 50, 10, 100, 40] * 3
    times = await enter_all(clock, HUNDRED, amounts, exact=False)
    assert times == sorted(times)
    assert worst_window(times, amounts) <= 200, "as much as a token bucket lets in: a burst, and what comes in a window"
    for window in range(int(times[-1]) + 1):
        assert sum(amount for at, amount in zip(times, amounts, strict=True) if window <= at < window + 1) <= 100
    assert times[-1] <= 2 * sum(amounts) / 100


async def test_a_call_larger_than_the_limit_takes_all_of_it(make: Callable[[], RateLimiter]) -> None:
    await make().wait([Charge(HUNDRED, 5000)], **AT_ONCE)
    with pytest.raises(TooLongToWait) as refused:
        await make().wait([Charge(HUNDRED, 1)], **AT_ONCE)
    assert 0 < refused.value.seconds <= 60
    assert not refused.value.asked


async def test_an_exact_limit_names_the_time_of_its_next_turn(make: Callable[[], RateLimiter]) -> None:
    for _ in range(2):
        await make().wait([Charge(TWO, exact=True)], **AT_ONCE)
    with pytest.raises(TooLongToWait) as refused:
        await make().wait([Charge(TWO, exact=True)], **AT_ONCE)
    assert 50 < refused.value.seconds <= 60


async def test_what_a_call_did_not_take_is_free_and_what_it_took_more_is_not(make: Callable[[], RateLimiter]) -> None:
    estimated = Charge(HUNDRED, 100)
    await make().wait([estimated], **AT_ONCE)
    make().correct(estimated, 10, age=0)
    more = Charge(HUNDRED, 50)
    await make().wait([more], **AT_ONCE)
    make().correct(more, 80, age=0)
    await make().wait([Charge(HUNDRED, 10)], **AT_ONCE)
    with pytest.raises(TooLongToWait):
        await make().wait([Charge(HUNDRED, 10)], **AT_ONCE)


async def test_an_answer_that_took_longer_than_the_window_corrects_the_window_of_its_call(clock: Clock) -> None:
    """In this process. What others have reserved since stays reserved."""
    clock.now -= clock.now % 60
    own = OwnStorage()
    mine = RateLimiter(LimitStore(own), "one")
    slow = Charge(HUNDRED, 60)
    await mine.wait([slow], **AT_ONCE)
    clock.now += 90
    await mine.wait([Charge(HUNDRED, 40)], **AT_ONCE)
    mine.correct(slow, 10, age=90)
    before, _, current, _ = own.get_sliding_window(HUNDRED.key_for("one"), 60)
    assert (before, current) == (10, 40)
    mine.correct(slow, 60, age=300)
    assert own.get_sliding_window(HUNDRED.key_for("one"), 60)[2] == 40


async def test_an_answer_that_took_longer_than_the_window_corrects_it_in_redis_too(redis_url: str) -> None:
    shared, key = SharedStorage(redis_url), uuid.uuid4().hex
    mine = RateLimiter(LimitStore(OwnStorage(), shared), key)
    slow, name = Charge(HUNDRED, 60), HUNDRED.key_for(key)
    await mine.wait([slow], **AT_ONCE)
    # as if its window had begun 80 seconds ago
    assert shared.storage.pexpire(shared.prefixed_key(shared._current_window_key(name)), 40_000)
    await mine.wait([Charge(HUNDRED, 40)], **AT_ONCE)
    mine.correct(slow, 10, age=70)
    before, _, current, _ = shared.get_sliding_window(name, 60)
    assert (before, current) == (10, 40)
    mine.correct(slow, 60, age=300)
    assert shared.get_sliding_window(name, 60)[2] == 40
    shared.storage.close()


async def test_of_two_limits_both_are_taken_or_none(make: Callable[[], RateLimiter]) -> None:
    for _ in range(2):
        await make().wait([Charge(HUNDRED, 20), Charge(TWO, exact=True)], **AT_ONCE)
    for _ in range(3):
        with pytest.raises(TooLongToWait):
            await make().wait([Charge(HUNDRED, 20), Charge(TWO, exact=True)], **AT_ONCE)
    await make().wait([Charge(HUNDRED, 60)], **AT_ONCE)


async def test_a_cancelled_wait_takes_nothing_and_lets_the_next_one_in(make: Callable[[], RateLimiter]) -> None:
    one = RateLimitItemPerDay(1)  # where a window ends, the next one may come in: of a minute that would be now and then
    for_days = {"patience": 1e9, "patience_if_asked": 1e9}
    await make().wait([Charge(one)], **AT_ONCE)
    waiting = [asyncio.create_task(make().wait([Charge(one)], **for_days)) for _ in range(3)]
    await asyncio.sleep(0.05)
    for task in (waiting[1], waiting[0], waiting[2]):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert limiter._lines._lines == {}
    with pytest.raises(TooLongToWait) as refused:
        await make().wait([Charge(one)], **AT_ONCE)
    assert refused.value.seconds <= 86_400.1, "three turns were given back"


async def test_a_line_that_is_too_long_is_refused_at_once_with_its_time(make: Callable[[], RateLimiter]) -> None:
    one = RateLimitItemPerMinute(1)
    await make().wait([Charge(one, exact=True)], **AT_ONCE)
    first = asyncio.create_task(make().wait([Charge(one, exact=True)], **LONG))
    await asyncio.sleep(0.05)
    with pytest.raises(TooLongToWait) as refused:
        await make().wait([Charge(one, exact=True)], patience=30, patience_if_asked=0)
    assert refused.value.seconds == 60
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_pause_that_was_asked_for_refuses_who_can_not_wait_and_holds_who_can(make: Callable[[], RateLimiter]) -> None:
    began = time.monotonic()
    make().close(2.0)
    make().close(0.1)
    await make().wait([Charge(TWO)], patience=0, patience_if_asked=10)
    assert time.monotonic() - began >= 1.95, "the later end holds"
    assert make().closed_for() == 0.0
    make().close(600)
    with pytest.raises(TooLongToWait) as refused:
        await make().wait([], patience=0, patience_if_asked=0.0)
    assert refused.value.asked
    await make().wait([], patience=0, patience_if_asked=None)


def test_threads_and_event_loops_wait_in_one_line(make: Callable[[], RateLimiter]) -> None:
    five = RateLimitItemPerSecond(5)
    times: list[float] = []
    began = time.monotonic()

    def run(number: int) -> None:
        if number % 2:
            make().wait_blocking([Charge(five)], **LONG)
        else:
            asyncio.run(make().wait([Charge(five)], **LONG))
        times.append(time.monotonic() - began)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert len(times) == 12
    assert max(times) >= 1.0, "twelve do not fit into a second and the beginning of the next"


OTHER = """
import asyncio, sys
from limits import RateLimitItemPerMinute
from agent.rate_limits import Charge, RateLimiter, TooLongToWait, shared_store
limiter, charge = RateLimiter(shared_store(sys.argv[1]), sys.argv[2]), Charge(RateLimitItemPerMinute(5))
taken = 0
try:
    while True:
        asyncio.run(limiter.wait([charge], patience=0, patience_if_asked=0))
        taken += 1
except TooLongToWait as refused:
    if sys.argv[3:]:
        limiter.close(float(sys.argv[3]))
    print(taken, refused.asked)
"""


def other_process(*arguments: str) -> tuple[int, bool]:
    done = subprocess.run([sys.executable, "-c", OTHER, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=SOON)
    assert done.returncode == 0, done.stderr
    taken, asked = done.stdout.split()
    return int(taken), asked == "True"


def test_processes_share_a_limit_and_hear_of_a_pause(redis_url: str) -> None:
    key = uuid.uuid4().hex
    mine = RateLimiter(LimitStore(OwnStorage(), SharedStorage(redis_url)), key)
    for _ in range(2):
        mine.wait_blocking([Charge(RateLimitItemPerMinute(5))], **AT_ONCE)
    assert other_process(redis_url, key, "900") == (3, False), "what is left of five"
    assert 800 < mine.closed_for() <= 900
    assert other_process(redis_url, key) == (0, True)
    assert mine.store.shared is not None
    with Redis.from_url(redis_url) as redis:
        keys = [name.decode() for name in redis.keys(f"*{key}*")]
        assert keys and all(redis.pttl(name) > 0 for name in keys), "nothing stays for ever"
    mine.store.shared.storage.close()


def test_without_redis_each_process_keeps_the_limits_for_itself() -> None:
    store = LimitStore(OwnStorage(), SharedStorage("redis://127.0.0.1:9/0"))
    alone = RateLimiter(store, uuid.uuid4().hex)
    for _ in range(2):
        alone.wait_blocking([Charge(TWO)], **AT_ONCE)
    with pytest.raises(TooLongToWait):
        alone.wait_blocking([Charge(TWO)], **AT_ONCE)
    alone.close(900)
    assert 800 < alone.closed_for() <= 900
