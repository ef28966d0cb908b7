"""Where the limiter counts: two storages of `limits`, which here can also be told to stay away until a time.

Redis never decides whether a model or a service is asked: while it does not answer, each process counts for itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import structlog
from limits import RateLimitItem
from limits.storage import MemoryStorage, RedisStorage

log = structlog.stdlib.get_logger(__name__)

PREFIX = "mgx:limits"
REDIS_SECONDS = 0.5
"""How long Redis is waited for; after that, it is left alone for REST_SECONDS."""
REST_SECONDS = 10.0

T = TypeVar("T")


class SharedStorage(RedisStorage):
    """For all processes with the same Redis."""

    CORRECT = """
local left, expiry, age = redis.call('pttl', KEYS[2]), tonumber(ARGV[2]), tonumber(ARGV[3])
local begun = 2 * expiry - left
if left <= 0 or age > begun + expiry then return end
local window = age > begun and KEYS[1] or KEYS[2]
local counted = tonumber(redis.call('get', window) or 0)
if counted > 0 then redis.call('decrby', window, math.min(counted, tonumber(ARGV[1]))) end
"""
    """KEYS: the previous window and the current one, whose key lives for twice its length (the library's acquire script).
    ARGV: what is taken off, negative for what is added; the window's length and the age of the charge in milliseconds."""
    CLOSE = """
if redis.call('pttl', KEYS[1]) < tonumber(ARGV[1]) then redis.call('set', KEYS[1], 1, 'px', ARGV[1]) end
"""
    """ARGV: milliseconds."""

    def __init__(self, url: str) -> None:
        super().__init__(url, key_prefix=PREFIX, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
        self._correct, self._close = (self.storage.register_script(text) for text in (self.CORRECT, self.CLOSE))

    def correct(self, item: RateLimitItem, key: str, by: int, age: float) -> None:
        """A charge of ``age`` seconds ago came to so much more, or less: in its own window, if that still counts."""
        name = item.key_for(key)
        keys = [self.prefixed_key(self._previous_window_key(name)), self.prefixed_key(self._current_window_key(name))]
        self._correct(keys, [-by, 1000 * item.get_expiry(), round(1000 * age)])

    def close(self, key: str, seconds: float) -> None:
        """A later end that is known already stays."""
        self._close([self.prefixed_key(f"closed/{key}")], [max(1, round(seconds * 1000))])

    def open(self, key: str) -> None:
        self.clear(f"closed/{key}")

    def closed_for(self, key: str) -> float:
        return max(0, int(self.storage.pttl(self.prefixed_key(f"closed/{key}")))) / 1000


class OwnStorage(MemoryStorage):
    """For the threads of one process."""

    def __init__(self) -> None:
        super().__init__()
        self._closed: dict[str, float] = {}
        self._closing = threading.Lock()

    def correct(self, item: RateLimitItem, key: str, by: int, age: float) -> None:
        """As `SharedStorage.correct`."""
        _, window = self.sliding_window_keys(item.key_for(key), item.get_expiry(), time.time() - age)
        if not self.get(window):
            return
        if by < 0:
            self.decr(window, -by)
        else:
            self.incr(window, 2 * item.get_expiry(), by)

    def close(self, key: str, seconds: float) -> None:
        with self._closing:
            now = time.monotonic()
            self._closed = {known: until for known, until in self._closed.items() if until > now}
            self._closed[key] = max(self._closed.get(key, 0.0), now + seconds)

    def open(self, key: str) -> None:
        with self._closing:
            self._closed.pop(key, None)

    def closed_for(self, key: str) -> float:
        return max(0.0, self._closed.get(key, 0.0) - time.monotonic())


Storage = SharedStorage | OwnStorage


class LimitStore:
    """Counts in ``shared`` while that answers, and otherwise in this process."""

    def __init__(self, own: OwnStorage, shared: SharedStorage | None = None) -> None:
        self.own, self.shared = own, shared
        self._rest_until, self._failed = 0.0, False

    def ask(self, act: Callable[[Storage], T]) -> T:
        if self.shared is not None and time.monotonic() >= self._rest_until:
            try:
                answer = act(self.shared)
            except self.shared.base_exceptions as error:
                if not self._failed:
                    log.warning("limits of other servers hold in each process alone: Redis does not answer", error=repr(error))
                self._rest_until, self._failed = time.monotonic() + REST_SECONDS, True
            else:
                self._failed = False
                return answer
        return act(self.own)


@lru_cache(maxsize=1)
def local_store() -> LimitStore:
    """That of this process, for who has no Redis."""
    return LimitStore(OwnStorage())


@lru_cache(maxsize=4)
def shared_store(url: str) -> LimitStore:
    """That of all processes that name the same Redis."""
    return LimitStore(OwnStorage(), SharedStorage(url))
