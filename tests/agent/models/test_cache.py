"""The caches of answers: bounded, forgetful, and never in the way."""

from __future__ import annotations

import logging
import threading

import pytest

from agent.models import cache as caches
from agent.models.cache import MemoryCache, MemoryStore, RedisCache, WriteOnly
from agent.ports import JSONObject
from tests.support.patience import Clock

pytestmark = pytest.mark.asyncio

ANSWER: JSONObject = {"text": "héllo", "tokens_in": 3}


async def test_an_answer_is_kept_until_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, store = Clock(), MemoryStore()
    monkeypatch.setattr(caches, "time", clock)
    cache = MemoryCache(store, "a:", ttl=0.1)
    assert await cache.get("k") is None
    await cache.put("k", ANSWER)
    assert await cache.get("k") == ANSWER
    clock.now += 0.15
    assert await cache.get("k") is None


async def test_no_tenant_gets_anothers_answer() -> None:
    store = MemoryStore()
    await MemoryCache(store, "a:", 60).put("k", ANSWER)
    assert await MemoryCache(store, "b:", 60).get("k") is None


async def test_the_least_used_goes_first() -> None:
    store = MemoryStore(max_entries=2)
    cache = MemoryCache(store, "", 60)
    await cache.put("1", {"n": 1})
    await cache.put("2", {"n": 2})
    await cache.get("1")
    await cache.put("3", {"n": 3})
    assert [await cache.get(key) for key in "123"] == [{"n": 1}, None, {"n": 3}]


async def test_bytes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore(max_bytes=1000)
    cache = MemoryCache(store, "", 60)
    for number in range(50):
        await cache.put(str(number), {"text": "x" * 300})
    assert store._bytes <= 1000
    await cache.put("49", {"text": "y" * 300})
    assert store._bytes <= 1000
    assert await cache.get("49") == {"text": "y" * 300}
    monkeypatch.setattr(caches, "MAX_VALUE", 100)
    await cache.put("long", {"text": "x" * 300})
    assert await cache.get("long") is None


async def test_threads_may_share_it() -> None:
    store = MemoryStore(max_entries=20)

    def work(number: int) -> None:
        for at in range(300):
            store.put(f"{number}/{at % 30}", b"x" * 10, 60)
            store.get(f"{number}/{(at + 7) % 30}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store._entries) == 20
    assert store._bytes == 200


async def test_who_only_writes_gets_nothing() -> None:
    cache = MemoryCache(MemoryStore(), "", 60)
    again = WriteOnly(cache)
    await again.put("k", ANSWER)
    assert await again.get("k") is None
    assert await cache.get("k") == ANSWER


@pytest.mark.parametrize("url", ["redis://127.0.0.1:9/0", "no-url", "redis://user:pw@127.0.0.1:9/0"])
async def test_a_broken_redis_is_logged_once_and_never_in_the_way(url: str, caplog: pytest.LogCaptureFixture) -> None:
    cache = RedisCache(url, "a:", 60)
    with caplog.at_level(logging.WARNING, logger="agent.models.cache"):
        for _ in range(3):
            await cache.put("k", ANSWER)
            assert await cache.get("k") is None
    await cache.aclose()
    assert len(caplog.records) == 1
    assert "pw" not in caplog.text
