"""Requests of the last minute, counted in Redis for all web processes together, by the sliding window counter of `limits`.

The library asks Redis once for each limit and once more for what is left of it; here its own scripts go in one round trip,
for all limits of a request. Without an answer of Redis nobody is refused: a limit protects the service and must not end it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import structlog
from django.conf import settings
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from redis.exceptions import NoScriptError, RedisError

from mgx_project.common.errors import TooManyRequests

log = structlog.stdlib.get_logger(__name__)
WINDOW = 60
"""Seconds."""
REDIS_SECONDS = 0.5
"""How long a request waits for Redis; after that, none does for REST_SECONDS."""
REST_SECONDS = 10.0


class RateLimitExceeded(TooManyRequests):
    code = "rate_limited"


@dataclass(frozen=True)
class Limit:
    """``amount`` requests a minute (0: any number) of ``who``, one of those that ``name`` speaks of."""

    name: str
    who: str
    amount: int


@dataclass(frozen=True)
class Count:
    """The result of counting a request: ``reset`` is in how many seconds another one is allowed."""

    limit: Limit
    allowed: bool
    remaining: int
    reset: float

    @property
    def retry_after(self) -> int:
        return max(1, math.ceil(self.reset))


class Counters(RedisStorage):
    """The library's storage, with all limits of a request in one round trip."""

    def hit(self, limits: Sequence[Limit]) -> list[Count]:
        """Counts one more of each. What is refused is not counted. Raises RedisError."""
        acquire, look = self.lua_acquire_sliding_window, self.lua_sliding_window
        asked: list[tuple[object, ...]] = []
        for limit in limits:
            key = RateLimitItemPerMinute(limit.amount).key_for(limit.name, limit.who)
            keys = [self.prefixed_key(self._previous_window_key(key)), self.prefixed_key(self._current_window_key(key))]
            asked += [(acquire.sha, 2, *keys, limit.amount, WINDOW, 1), (look.sha, 2, *keys, WINDOW)]
        answers = self._ask(asked)
        # a Redis that was started again has no script, and one that others use may have one of them: what ran is not run again
        if missing := [n for n, answer in enumerate(answers) if isinstance(answer, NoScriptError)]:
            for script in (acquire, look):
                self.storage.script_load(script.script)
            for n, answer in zip(missing, self._ask([asked[n] for n in missing]), strict=True):
                answers[n] = answer
        for answer in answers:
            if isinstance(answer, RedisError):
                raise answer
        return [_count(limit, bool(answers[2 * n]), answers[2 * n + 1]) for n, limit in enumerate(limits)]

    def _ask(self, asked: Sequence[tuple[object, ...]]) -> list[Any]:
        """The scripts' answers, or their errors, in one round trip."""
        pipeline = self.storage.pipeline(transaction=False)
        for arguments in asked:
            pipeline.evalsha(*arguments)
        answers: list[Any] = pipeline.execute(raise_on_error=False)
        return answers


def _count(limit: Limit, allowed: bool, window: list[bytes | int | None]) -> Count:
    """As the library's strategy reckons: what is in the window before counts by as much of it as is still in sight."""
    before, current = int(window[0] or 0), int(window[2] or 0)
    before_ends, current_ends = (max(0, int(ttl or 0)) / 1000 for ttl in (window[1], window[3]))
    remaining = max(0, limit.amount - math.floor(before * before_ends / WINDOW + current))
    resets = [before_ends % (WINDOW / before)] if before else []
    if current:
        resets.append(current_ends % WINDOW)
    return Count(limit, allowed, remaining, min(resets, default=0.0))


class _Rest:
    """Redis is left alone for a while after it has failed, and that is said once, until it answers again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0
        self._failed = False

    def over(self) -> bool:
        return time.monotonic() >= self._until

    def begin(self, error: Exception) -> None:
        with self._lock:
            said, self._failed, self._until = self._failed, True, time.monotonic() + REST_SECONDS
        if not said:
            log.warning("rate limits are not enforced, because Redis does not answer", error=repr(error))

    def end(self) -> None:
        if self._failed:
            with self._lock:
                self._failed = False
            log.warning("rate limits are enforced again: Redis answers")


@lru_cache(maxsize=4)
def _counters(url: str) -> tuple[Counters, _Rest]:
    counters = Counters(url, key_prefix="mgx:rate", socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
    return counters, _Rest()


def count(*limits: Limit) -> list[Count]:
    """Counts a request against each limit that is one; what it came to. Empty where Redis does not answer."""
    wanted = [limit for limit in limits if limit.amount]
    if not wanted:
        return []
    counters, rest = _counters(settings.REDIS_URL)
    if not rest.over():
        return []
    try:
        counts = counters.hit(wanted)
    except RedisError as error:
        rest.begin(error)
        return []
    rest.end()
    return counts


def refuse(counts: Sequence[Count], what: str) -> None:
    """Raises RateLimitExceeded where one of them is not allowed. ``what``: who asked too often, as a sentence begins."""
    refused = [each for each in counts if not each.allowed]
    if refused:
        longest = max(refused, key=lambda each: each.reset)
        error = RateLimitExceeded(f"{what} reached the limit of {longest.limit.amount:,} requests per minute.")
        error.retry_after = longest.retry_after
        raise error
