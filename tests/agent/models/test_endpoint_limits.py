"""Calls to a model keep the limits of its connection, and say when to come back where that takes too long."""

from __future__ import annotations

import asyncio

import pytest
from limits.storage import memory
from limits.storage import redis as redis_storage

from agent.errors import RateLimited
from agent.models.endpoint_limits import EndpointLimits
from agent.models.settings import ModelSettings
from agent.rate_limits import LimitStore, limiter, storage
from agent.rate_limits.storage import OwnStorage
from tests.agent.models.endpoints import REQUEST, open_to, silent
from tests.support.patience import SOON, in_a_new_window
from tests.support.scripted_openai import serve

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def new_window(monkeypatch: pytest.MonkeyPatch) -> None:
    window = in_a_new_window()
    for module in (limiter, storage, memory, redis_storage):
        monkeypatch.setattr(module, "time", window)


def limits(url: str = "http://a/v1", key: str = "k", store: LimitStore | None = None, **options: int) -> EndpointLimits:
    return EndpointLimits(url, ModelSettings("openai", "m", api_key=key, limits=store or LimitStore(OwnStorage()), **options))  # type: ignore[arg-type]


async def test_a_line_that_is_too_long_is_refused_with_the_time() -> None:
    mine = limits(tokens_per_minute=100)
    await mine.enter(100, "host")
    waiting = [asyncio.create_task(mine.enter(100, "host")) for _ in range(6)]
    await asyncio.sleep(0.05)
    with pytest.raises(RateLimited, match="6 min") as refused:
        await mine.enter(1, "host")
    assert refused.value.code == "rate_queue_full"
    assert refused.value.retry_after == 360
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_an_endpoint_that_wants_to_be_left_alone_is() -> None:
    store = LimitStore(OwnStorage())
    limits(store=store).close_for(300)
    with pytest.raises(RateLimited, match="refuses more calls for another 5 min") as refused:
        await limits(store=store).enter(1, "host", patience=10)
    assert refused.value.retry_after == pytest.approx(300, abs=60)


async def test_each_endpoint_and_key_has_its_own() -> None:
    store = LimitStore(OwnStorage())
    limits(store=store).close_for(300)
    await limits(store=store, key="other").enter(1, "host", patience=0)
    await limits(store=store, url="http://b/v1").enter(1, "host", patience=0)


async def test_tokens_that_a_call_did_not_take_are_free() -> None:
    mine = limits(tokens_per_minute=100)
    turn = await mine.enter(100, "host")
    turn.settle(10)
    async with asyncio.timeout(SOON):
        await mine.enter(90, "host")


async def test_a_model_waits_for_its_turn() -> None:
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
