"""What a hosting service lets us ask, of each API and credential.

Sources, under https://docs.github.com/en/rest/using-the-rest-api: rate-limits-for-the-rest-api, best-practices-for-using-the-
rest-api
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from limits import RateLimitItemPerSecond

from agent.rate_limits import Charge, RateLimiter, TooLongToWait, shared_store

from ..errors import HostBusy

RESERVE = 0.1
"""The share of the primary limit that work which can wait never takes: it is there for runs."""
SPARING = RateLimitItemPerSecond(10, namespace="sparing")
"""Requests of work that can wait. The secondary limit is 900 points a minute, of which a read takes one."""
WRITES = RateLimitItemPerSecond(5, 5, namespace="writes")
"""One act of ours has no more writes than these five, and does not wait; a longer series of them goes on with one a second, as
GitHub asks."""
MAX_TURN = 30.0
"""Seconds that a request waits for its turn; where more are before it, it is told to come again."""
MINUTE, HOUR = 60.0, 3600.0
"""GitHub's windows are an hour: no service makes us wait for longer without being asked again."""
LOW = "low"
"""What is left of the primary limit is the reserve."""

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


class ServiceLimits:
    """Of what ``credential`` asks at ``address``, in all processes together."""

    def __init__(self, address: str, credential: str) -> None:
        key = hashlib.sha256(f"{address}\n{credential}".encode()).hexdigest()
        self._limiter = RateLimiter(shared_store(settings.REDIS_URL), f"hosting/{key}")

    def enter(self, *, writes: bool) -> None:
        """Waits for its turn. Raises HostBusy, without asking the service, for work that can wait and has to, and where its
        turn is more than MAX_TURN away."""
        if _sparing.get():
            if low := self._limiter.closed_for(LOW):
                raise HostBusy("What is left of the service's limit is kept for runs.", retry_after=low)
            self._wait(Charge(SPARING), patience_if_asked=0.0)
        if writes:
            self._wait(Charge(WRITES), patience_if_asked=None)

    def learn(self, status: int, headers: Mapping[str, str]) -> None:
        """Takes in what an answer says; ``headers`` have lower-case names."""
        now = time.time()
        limit, remaining, reset = (_number(headers, f"x-ratelimit-{name}") for name in ("limit", "remaining", "reset"))
        if limit is not None and remaining is not None and reset is not None:
            if remaining <= limit * RESERVE and reset > now:
                self._limiter.close(min(reset - now, HOUR), LOW)
            else:
                self._limiter.open(LOW)
        if status in (403, 429) and "retry-after" in headers:
            self._limiter.close(wait_of(headers))

    def _wait(self, charge: Charge, *, patience_if_asked: float | None) -> None:
        try:
            self._limiter.wait_blocking([charge], patience=MAX_TURN, patience_if_asked=patience_if_asked)
        except TooLongToWait as wait:
            detail = "The service wants fewer requests for now." if wait.asked else "Many requests to the service wait already."
            raise HostBusy(detail, retry_after=wait.seconds) from None


def wait_of(headers: Mapping[str, str]) -> float:
    """Seconds that an answer asks us to wait, at most an hour: what it says, else a minute, as GitHub advises."""
    said, reset = _number(headers, "retry-after"), _number(headers, "x-ratelimit-reset")
    if said is not None:
        return min(said, HOUR)
    if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        return min(max(1.0, reset - time.time()), HOUR)
    return MINUTE


def _number(headers: Mapping[str, str], name: str) -> float | None:
    """A header that is a number of at most 12 digits: whoever is linked may say anything there."""
    value = headers.get(name, "")
    return float(value) if _DIGITS.fullmatch(value) else None
