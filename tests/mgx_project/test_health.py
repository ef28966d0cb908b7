"""Liveness, readiness and status."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.files.storage import default_storage, storages
from django.test import AsyncClient

from deploy import healthy
from mgx_project import probes
from mgx_project.common import living_workers
from tests.conftest import Api, CallerInTests

CHECKS = {"database", "broker", "channel_layer", "storage", "workers"}


@pytest.fixture
def worker_key() -> Iterator[str]:
    """A worker's sign of life."""
    name = "here:1"
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        living_workers.beat(client, name, {}, 60)
        yield living_workers.KEY.format(name)
        living_workers.say_goodbye(client, name)


async def test_alive_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "PROBES", {})
    answer = await AsyncClient().get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/health/ready", "/health/", "/health"])
async def test_ready_uses_everything_and_says_how_long_it_took(path: str, worker_key: str) -> None:
    answer = await AsyncClient().get(path)
    body = answer.json()
    assert (answer.status_code, body["status"]) == (200, "ok"), body
    assert set(body["checks"]) == CHECKS
    assert all(check["latency_ms"] >= 0 for check in body["checks"].values())


@pytest.mark.django_db(transaction=True)
async def test_without_a_worker_ready_says_so_and_the_web_container_stays_healthy() -> None:
    answer = await AsyncClient().get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"].pop("workers")["status"] == "no worker"
    assert {check["status"] for name, check in answer.json()["checks"].items() if name != "workers"} == {"ok"}
    assert healthy.only_workers_are_missing(answer.content.decode())
    assert not healthy.only_workers_are_missing(
        '{"checks": {"workers": {"status": "no worker"}, "broker": {"status": "failed"}}}'
    )


@pytest.mark.django_db(transaction=True)
async def test_one_dead_service_is_503_and_tells_nothing_of_why(monkeypatch: pytest.MonkeyPatch) -> None:
    async def dead() -> None:
        raise ConnectionError("password of postgres://secret")

    async def stuck() -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(probes, "TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(probes, "PROBES", {"broker": dead, "database": stuck})
    answer = await AsyncClient().get("/health/ready")
    assert answer.status_code == 503
    assert {name: check["status"] for name, check in answer.json()["checks"].items()} == {
        "broker": "failed",
        "database": "timeout",
    }
    assert b"secret" not in answer.content


async def test_probing_leaves_no_channel_and_no_file_behind() -> None:
    layer: Any = get_channel_layer()
    for _ in range(3):
        await probes.channel_layer()
    assert not layer._get_layer().channels
    await probes.StorageProbe()()
    assert not default_storage.exists("health") or default_storage.listdir("health")[1] == []


async def test_the_store_is_not_asked_again_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    probe, saved = probes.StorageProbe(), []
    store = storages["brief"]
    real = store.save
    monkeypatch.setattr(store, "save", lambda *args: saved.append(args) or real(*args))
    await probe()
    await probe()
    assert len(saved) == 1


@pytest.mark.django_db
def test_status_is_for_staff(owner: CallerInTests) -> None:
    assert Api().get("/health/status").status_code == 401
    assert owner.api.get("/health/status").status_code == 403
    owner.user.is_staff = True
    owner.user.save()
    body = owner.api.get("/health/status").json()
    assert body["migrations"] == {"unapplied": []}
    assert body["version"]
    assert isinstance(body["workers"], list)
    assert isinstance(body["queues"], dict)
