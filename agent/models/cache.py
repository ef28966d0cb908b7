"""Answers to exactly the same request, kept for a while: in this process, or in Redis.

Whoever makes a cache names the tenant in its ``prefix``; nothing here looks across prefixes. What is kept is the tenant's code.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import structlog

from agent.ports import JSONObject, ModelCache

log = structlog.stdlib.get_logger(__name__)

MAX_VALUE = 1024**2
"""Bytes of one answer; a longer one is not kept."""
REDIS_SECONDS = 1.0
"""Of patience with Redis: a cache that is slow is worse than none."""


class MemoryStore:
    """What the caches of one process share: the least recently used goes first. Any thread may use it."""

    def __init__(self, *, max_entries: int = 2_000, max_bytes: int = 64 * 1024**2) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if entry[0] < time.monotonic():
                self._drop(key)
                return None
            self._entries.move_to_end(key)
            return entry[1]

    def put(self, key: str, value: bytes, ttl: float) -> None:
        if len(value) > min(MAX_VALUE, self._max_bytes):
            return
        with self._lock:
            if key in self._entries:
                self._drop(key)
            self._entries[key] = (time.monotonic() + ttl, value)
            self._bytes += len(value)
            while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
                self._drop(next(iter(self._entries)))

    def _drop(self, key: str) -> None:
        self._bytes -= len(self._entries.pop(key)[1])


class MemoryCache:
    """``ttl`` is in seconds. Other processes, and this one after a restart, know nothing of it."""

    def __init__(self, store: MemoryStore, prefix: str, ttl: float) -> None:
        self._store = store
        self._prefix = prefix
        self._ttl = ttl

    async def get(self, key: str) -> JSONObject | None:
        return _decoded(self._store.get(self._prefix + key))

    async def put(self, key: str, completion: JSONObject) -> None:
        self._store.put(self._prefix + key, json.dumps(completion).encode(), self._ttl)

    async def aclose(self) -> None:
        """Holds nothing of its own."""


class RedisCache:
    """``ttl`` is in seconds; ``seal`` and ``unseal`` encrypt what is kept, and its key with it: an answer that was moved to
    another key is none. Close it with ``aclose``.

    Redis is never needed: when it fails, that is logged once, and from then on nothing is looked up or kept.
    """

    def __init__(
        self,
        url: str,
        prefix: str,
        ttl: float,
        *,
        seal: Callable[[bytes], bytes] = bytes,
        unseal: Callable[[bytes], bytes] = bytes,
    ) -> None:
        self._url = url
        self._prefix = prefix
        self._ttl = ttl
        self._seal = seal
        self._unseal = unseal
        self._client: Any = None
        self._failed = False

    async def get(self, key: str) -> JSONObject | None:
        kept = await self._try("get", self._prefix + key)
        if kept is None:
            return None
        try:
            found = _decoded(self._unseal(kept))
        except Exception as error:  # whatever the cipher raises: sealed with a key that is gone, or not by us
            log.info("an answer of the model cache can't be read, so the model is asked", error=type(error).__name__)
            return None
        if found is None or found.get("key") != self._prefix + key:
            log.warning("an answer of the model cache belongs to another request, so the model is asked")
            return None
        answer = found.get("answer")
        return answer if isinstance(answer, dict) else None

    async def put(self, key: str, completion: JSONObject) -> None:
        value = self._seal(json.dumps({"key": self._prefix + key, "answer": completion}).encode())
        if len(value) <= MAX_VALUE:
            await self._try("set", self._prefix + key, value, px=max(1, round(self._ttl * 1000)))

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _try(self, command: str, *arguments: Any, **options: Any) -> Any:
        if self._failed:
            return None
        from redis.asyncio import Redis
        from redis.exceptions import RedisError

        try:
            if self._client is None:
                self._client = Redis.from_url(
                    self._url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS, max_connections=4
                )
            return await getattr(self._client, command)(*arguments, **options)
        except (RedisError, OSError, ValueError) as error:
            self._failed = True
            log.warning("the model cache is off for this run, because Redis fails", error=type(error).__name__)
            return None


class WriteOnly:
    """For a run that was asked for because an earlier answer was not good: it keeps answers and gets none."""

    def __init__(self, cache: ModelCache) -> None:
        self._cache = cache

    async def get(self, key: str) -> JSONObject | None:
        return None

    async def put(self, key: str, completion: JSONObject) -> None:
        await self._cache.put(key, completion)


def _decoded(value: bytes | None) -> JSONObject | None:
    if value is None:
        return None
    try:
        found = json.loads(value)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
