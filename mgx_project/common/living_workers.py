"""What each living worker last said of itself: its heartbeat in Redis, which `manage.py work` writes.

A heartbeat is a key that expires, so that Redis decides who is silent. A set has their names: whoever reads asks for these, and
does not look through all keys. Workers of an older version do not name themselves, and work beside this one while a server is
upgraded: who reads for all hosts looks for their keys once a minute, and names them.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import Any

import redis
from django.conf import settings

NAMES = "mgx:living-workers"
KEY = "mgx:workers:{}"
"""Of one worker; the name is that of its host, a colon and its process's number."""
TIMEOUT_SECONDS = 2.0
LOOK_SECONDS = 60.0
LOOKED_THROUGH = 1000
"""Keys that Redis looks through at a time, while which nobody else is served."""


def beat(client: redis.Redis, name: str, facts: Mapping[str, Any], seconds: int) -> None:
    """Says that the worker lives for so many seconds more. Raises redis.RedisError."""
    with client.pipeline() as both:
        both.set(KEY.format(name), json.dumps(facts), ex=seconds)
        both.sadd(NAMES, name)
        both.execute()


def say_goodbye(client: redis.Redis, name: str) -> None:
    """Raises redis.RedisError."""
    with client.pipeline() as both:
        both.delete(KEY.format(name))
        both.srem(NAMES, name)
        both.execute()


class _Look:
    """For the keys of workers that did not name themselves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0

    def if_due(self, client: redis.Redis) -> None:
        """Raises redis.RedisError; then the next one looks."""
        if time.monotonic() < self._next or not self._lock.acquire(blocking=False):
            return
        try:
            prefix = KEY.format("")
            found = client.scan_iter(KEY.format("*"), count=LOOKED_THROUGH, _type="string")
            if names := [key.decode().removeprefix(prefix) for key in found]:
                client.sadd(NAMES, *names)
            self._next = time.monotonic() + LOOK_SECONDS
        finally:
            self._lock.release()


_look = _Look()


def workers_seen() -> list[dict[str, Any]]:
    """The latest heartbeat of each living worker. Raises redis.RedisError."""
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    ) as client:
        _look.if_due(client)
        return [json.loads(text) for text in last_heartbeats(client)]


def last_heartbeats(client: redis.Redis, host: str = "") -> list[bytes | str]:
    """As they were written; ``host``: only of its workers. Raises redis.RedisError."""
    names = sorted(name.decode() if isinstance(name, bytes) else name for name in client.smembers(NAMES))
    said = client.mget([KEY.format(name) for name in names]) if names else []
    silent = [name for name, text in zip(names, said, strict=True) if text is None]
    if silent:
        client.srem(NAMES, *silent)  # one that only hung names itself again with its next heartbeat
    mine = f"{host}:" if host else ""
    return [text for name, text in zip(names, said, strict=True) if text is not None and name.startswith(mine)]


def without_sandbox(workers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of ``workers`` in whose sandbox no command can be run."""
    return [worker for worker in workers if worker.get("sandbox", {}).get("status") == "closed"]


def programs_of_all(workers: list[dict[str, Any]]) -> dict[str, bool]:
    """By program of the stacks: whether all of ``workers`` have it, for any may take a run. What none told is left out."""
    told: dict[str, bool] = {}
    for worker in workers:
        for name, here in worker.get("programs", {}).items():
            told[name] = told.get(name, True) and bool(here)
    return told
