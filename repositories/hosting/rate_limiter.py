"""What a hosting service lets us ask: one gate for each API and credential in this process.

Sources, under https://docs.github.com/en/rest/using-the-rest-api: rate-limits-for-the-rest-api, best-practices-for-using-the-
rest-api
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from ..errors import HostBusy

RESERVE = 0.1
"""The share of the primary limit that is reserved for runs: deferrable work never uses it."""
SPARING_PER_SECOND = 10.0
"""Requests of work that can wait. The secondary limit is 900 points a minute, of which a read takes one."""
WRITES_AT_ONCE = 5
"""One act of ours has no more writes, and never waits; a longer series of them goes on with one a second, as GitHub asks."""
MAX_TURN = 30.0
"""Seconds that a write waits for its turn; where more are before it, it is told to come again."""
MINUTE, HOUR = 60.0, 3600.0
"""GitHub's windows are an hour: no service makes us wait for longer without being asked again."""
MAX_GATES = 1_000

_DIGITS = re.compile(r"[0-9]{1,12}")
_sparing: ContextVar[bool] = ContextVar("sparing", default=False)


@contextmanager
def sparing() -> Iterator[None]:
    """What is asked inside can wait: it is spread, leaves the reserve alone, and is not asked where we know to have to wait."""
    token = _sparing.set(True)
    try:
        yield
    finally:
        _sparing.reset(token)


class RequestLimiter:
    """Of one credential at one API. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limit, self._remaining, self._reset = 0.0, 0.0, 0.0
        self._closed_until = 0.0
        self._next_turn = 0.0
        self._writes, self._written_at = float(WRITES_AT_ONCE), time.monotonic()

    def enter(self, *, writes: bool) -> None:
        """Waits for its turn. Raises HostBusy, without asking the service, for work that can wait and has to, and for a write
        whose turn is more than MAX_TURN away."""
        if _sparing.get():
            with self._lock:
                self._refuse_if_closed(time.time())
                turn = max(self._next_turn, time.monotonic())
                self._next_turn = turn + 1 / SPARING_PER_SECOND
            time.sleep(max(0.0, turn - time.monotonic()))
        if writes:
            time.sleep(self._write_turn())

    def learn(self, status: int, headers: Mapping[str, str]) -> None:
        """Takes in what an answer says; ``headers`` have lower-case names."""
        now = time.time()
        with self._lock:
            limit, remaining, reset = (_number(headers, f"x-ratelimit-{name}") for name in ("limit", "remaining", "reset"))
            if limit is not None and remaining is not None and reset is not None:
                self._limit, self._remaining, self._reset = limit, remaining, min(reset, now + HOUR)
            if status in (403, 429) and "retry-after" in headers:
                self._closed_until = max(self._closed_until, now + wait_of(headers))

    def _refuse_if_closed(self, now: float) -> None:
        if now < self._closed_until:
            raise HostBusy("The rate limit of the service is reached.", retry_after=self._closed_until - now)
        if now < self._reset and self._remaining <= self._limit * RESERVE:
            raise HostBusy("The rest of the service's rate limit is reserved for runs.", retry_after=self._reset - now)

    def _write_turn(self) -> float:
        """Seconds to wait before this write. Raises HostBusy."""
        with self._lock:
            now = time.monotonic()
            left = min(float(WRITES_AT_ONCE), self._writes + now - self._written_at) - 1
            if -left > MAX_TURN:
                raise HostBusy("Too many writes to the service are waiting.", retry_after=-left)
            self._writes, self._written_at = left, now
            return max(0.0, -left)


_gates: OrderedDict[str, RequestLimiter] = OrderedDict()
_lock = threading.Lock()


def gate_of(address: str, credential: str) -> RequestLimiter:
    """The gate of what ``credential`` asks at ``address``; those not used for long are forgotten."""
    key = hashlib.sha256(f"{address}\n{credential}".encode()).hexdigest()
    with _lock:
        gate = _gates.setdefault(key, RequestLimiter())
        _gates.move_to_end(key)
        while len(_gates) > MAX_GATES:
            _gates.popitem(last=False)
        return gate


def wait_of(headers: Mapping[str, str]) -> float:
    """Seconds to wait according to the response, at most an hour; a minute if it gives none, as GitHub advises."""
    said, reset = _number(headers, "retry-after"), _number(headers, "x-ratelimit-reset")
    if said is not None:
        return min(said, HOUR)
    if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        return min(max(1.0, reset - time.time()), HOUR)
    return MINUTE


def _number(headers: Mapping[str, str], name: str) -> float | None:
    """A header that is a number of at most 12 digits: a linked server may send anything."""
    value = headers.get(name, "")
    return float(value) if _DIGITS.fullmatch(value) else None
