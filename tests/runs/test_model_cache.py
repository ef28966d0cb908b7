"""Which cache a run gets, and what Redis sees of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import redis
from django.conf import settings

from agent.ports import JSONObject
from runs.models import TaskRun
from runs.worker.model_cache import model_cache

from .conftest import Tenant, make_tenant

ANSWER: JSONObject = {"text": "def secret_of_the_tenant(): ..."}


@pytest.fixture(params=["memory", "redis"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(settings, "MGX_CACHE_BACKEND", request.param)
    return str(request.param)


def put(run: TaskRun, key: str) -> None:
    async def act() -> None:
        async with model_cache(run) as cache:
            await cache.put(key, ANSWER)

    asyncio.run(act())


def get(run: TaskRun, key: str) -> JSONObject | None:
    async def act() -> JSONObject | None:
        async with model_cache(run) as cache:
            return await cache.get(key)

    return asyncio.run(act())


def kept(key: str) -> dict[bytes, Any]:
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        return {name: (server.get(name), server.ttl(name)) for name in server.scan_iter(f"mgx:model-answers:*{key}")}


def test_runs_of_a_workspace_share_answers_and_others_do_not(backend: str, tenant: Tenant) -> None:
    one, another = tenant.run(), tenant.run()
    put(one, f"{backend}-shared")
    assert get(another, f"{backend}-shared") == ANSWER
    assert get(make_tenant("other").run(), f"{backend}-shared") is None


def test_a_retry_keeps_answers_and_gets_none(backend: str, tenant: Tenant) -> None:
    first, again = tenant.run(), tenant.run()
    again.parent_run_id = first.pk
    put(again, f"{backend}-again")
    assert get(again, f"{backend}-again") is None
    assert get(first, f"{backend}-again") == ANSWER


def test_redis_sees_neither_the_answer_nor_the_workspace_and_forgets(monkeypatch: pytest.MonkeyPatch, tenant: Tenant) -> None:
    monkeypatch.setattr(settings, "MGX_CACHE_BACKEND", "redis")
    monkeypatch.setattr(settings, "MGX_CACHE_TTL_SECONDS", 30.0)
    put(tenant.run(), "sealed")
    ((name, (value, ttl)),) = kept("sealed").items()
    assert b"secret" not in value
    assert str(tenant.workspace.pk).encode() not in name
    assert 0 < ttl <= 30


def test_what_was_sealed_with_a_lost_key_is_a_miss(monkeypatch: pytest.MonkeyPatch, tenant: Tenant) -> None:
    monkeypatch.setattr(settings, "MGX_CACHE_BACKEND", "redis")
    run = tenant.run()
    put(run, "lost")
    (name,) = kept("lost")
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        server.set(name, b"gAAAAAB-not-ours")
    assert get(run, "lost") is None


def test_without_a_backend_nothing_is_kept(monkeypatch: pytest.MonkeyPatch, tenant: Tenant) -> None:
    monkeypatch.setattr(settings, "MGX_CACHE_BACKEND", "none")
    run = tenant.run()
    put(run, "none")
    assert get(run, "none") is None


def test_an_answer_that_was_moved_to_another_request_is_a_miss(monkeypatch: pytest.MonkeyPatch, tenant: Tenant) -> None:
    monkeypatch.setattr(settings, "MGX_CACHE_BACKEND", "redis")
    run = tenant.run()
    put(run, "asked")
    put(run, "swapped")
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        server.set(next(iter(kept("asked"))), server.get(next(iter(kept("swapped")))))
    assert get(run, "asked") is None
    assert get(run, "swapped") == ANSWER
