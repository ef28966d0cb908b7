"""What a hosting service lets us ask: one gate for each API and credential in this process.

Sources, under https://docs.github.com/en/rest/using-the-rest-api: rate-limits-for-the-rest-api, best-practices-for-using-the-
rest-api
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from ..errors import HostBusy

RESERVE = 0.1
"""The share of the primary limit that work which can wait never takes: it is there for runs."""
SPARING_PER_SECOND = 10.0
"""Requests of work that can wait. The secondary limit is 900 points a minute, of which a read takes one."""
WRITES_AT_ONCE = 5
"""One act of ours has no more writes, and never waits; a longer series of them goes on with one a second, as GitHub asks."""
MINUTE = 60.0
MAX_GATES = 1_000

_sparing: ContextVar[bool] = ContextVar("sparing", default=False)


@contextmanager
def sparing() -> Iterator[None]:
    """What is asked inside can wait: it is spread, leaves the reserve alone, and is not asked where we know to have to wait."""
    token = _sparing.set(True)
    try:
        yield
    finally:
        _sparing.reset(token)


class Gate:
    """Of one credential at one API. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limit, self._remaining, self._reset = 0, 0, 0.0
        self._closed_until = 0.0
        self._next_turn = 0.0
        self._writes, self._written_at = float(WRITES_AT_ONCE), time.monotonic()

    def enter(self, *, writes: bool) -> None:
        """Waits for its turn. Raises HostBusy, without asking the service, for work that can wait and has to."""
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
            if all(headers.get(f"x-ratelimit-{name}", "").isdigit() for name in ("limit", "remaining", "reset")):
                self._limit = int(headers["x-ratelimit-limit"])
                self._remaining = int(headers["x-ratelimit-remaining"])
                self._reset = float(headers["x-ratelimit-reset"])
            if status in (403, 429) and "retry-after" in headers:
                self._closed_until = max(self._closed_until, now + wait_of(headers))

    def _refuse_if_closed(self, now: float) -> None:
        if now < self._closed_until:
            raise HostBusy("The service wants fewer requests for now.", retry_after=self._closed_until - now)
        if now < self._reset and self._remaining <= self._limit * RESERVE:
            raise HostBusy("What is left of the service's limit is kept for runs.", retry_after=self._reset - now)

    def _write_turn(self) -> float:
        """Seconds to wait before this write."""
        with self._lock:
            now = time.monotonic()
            self._writes = min(float(WRITES_AT_ONCE), self._writes + now - self._written_at) - 1
            self._written_at = now
            return max(0.0, -self._writes)


_gates: OrderedDict[str, Gate] = OrderedDict()
_lock = threading.Lock()


def gate_of(address: str, credential: str) -> Gate:
    """The gate of what ``credential`` asks at ``address``; those not used for long are forgotten."""
    key = hashlib.sha256(f"{address}\n{credential}".encode()).hexdigest()
    with _lock:
        gate = _gates.setdefault(key, Gate())
        _gates.move_to_end(key)
        while len(_gates) > MAX_GATES:
            _gates.popitem(last=False)
        return gate


def forget() -> None:
    """Drops all that is known."""
    with _lock:
        _gates.clear()


def wait_of(headers: Mapping[str, str]) -> float:
    """Seconds that an answer asks us to wait: what it says, else a minute, as GitHub advises."""
    if headers.get("retry-after", "").isdigit():
        return float(headers["retry-after"])
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
        return max(1.0, float(headers["x-ratelimit-reset"]) - time.time())
    return MINUTE
