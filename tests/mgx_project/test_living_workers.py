"""Who lives is read by name: one key that expires for each worker, and no look through all keys of the server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis

from deploy import healthy
from mgx_project.common import living_workers
from mgx_project.common.living_workers import beat, last_heartbeats, say_goodbye, workers_seen

from ..support.patience import wait_for

READER = "mgx-test-reader"


@pytest.fixture
def client(settings: Any) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client
        for name in client.smembers(living_workers.NAMES):
            say_goodbye(client, name.decode())


@pytest.fixture
def looked(client: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has just looked for workers of an older version."""
    monkeypatch.setattr(living_workers, "_look", living_workers._Look())
    workers_seen()


@pytest.fixture
def without_scans(client: redis.Redis, settings: Any) -> Iterator[None]:
    """The server's user may not use what looks through all keys."""
    client.acl_setuser(READER, enabled=True, nopass=True, keys=["*"], commands=["+@all", "-scan", "-keys"], reset=True)
    url = urlsplit(settings.REDIS_URL)
    settings.REDIS_URL = url._replace(netloc=f"{READER}:x@{url.hostname}:{url.port}").geturl()
    yield
    client.acl_deluser(READER)


def test_workers_of_a_version_that_does_not_name_them_are_seen_too(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Among them one that began when this process had looked already: it looks again."""
    monkeypatch.setattr(living_workers, "_look", living_workers._Look())
    monkeypatch.setattr(living_workers, "LOOK_SECONDS", 0)
    beat(client, "new:1", {"host": "new"}, 60)
    for host in ("old", "older"):
        client.set(living_workers.KEY.format(f"{host}:1"), f'{{"host": "{host}"}}', ex=60)
        assert host in [worker["host"] for worker in workers_seen()]
    assert [worker["host"] for worker in workers_seen()] == ["new", "old", "older"]
    client.delete(living_workers.KEY.format("old:1"))
    assert [worker["host"] for worker in workers_seen()] == ["new", "older"]


def test_workers_are_read_without_a_scan(
    client: redis.Redis, looked: None, without_scans: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat(client, "here:1", {"host": "here"}, 60)
    beat(client, "there:7", {"host": "there"}, 60)
    with pytest.raises(redis.exceptions.NoPermissionError), redis.Redis.from_url(settings.REDIS_URL) as reader:
        list(reader.scan_iter("*"))
    assert [worker["host"] for worker in workers_seen()] == ["here", "there"]
    monkeypatch.setattr("socket.gethostname", lambda: "there")
    monkeypatch.setattr("mgx_project.env.REDIS_URL", settings.REDIS_URL)
    assert healthy.signs_of_life() == ([b'{"host": "there"}'], "")


def test_one_that_fell_silent_is_forgotten_and_comes_back_with_its_next_heartbeat(client: redis.Redis) -> None:
    beat(client, "here:1", {}, 1)
    wait_for(lambda: last_heartbeats(client) == [])
    assert client.smembers(living_workers.NAMES) == set()
    beat(client, "here:1", {}, 60)
    assert last_heartbeats(client) == [b"{}"]
    say_goodbye(client, "here:1")
    assert last_heartbeats(client) == []
