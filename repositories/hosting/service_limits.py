"""Rate limits of hosting services, for each API and credential.

Sources, under https://docs.github.com/en/rest/using-the-rest-api: rate-limits-for-the-rest-api, best-practices-for-using-the-
rest-api
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from limits import RateLimitItemPerSecond

from agent.rate_limits import Charge, RateLimiter, TooLongToWait, shared_store
from mgx_project.common import clock

from ..errors import HostBusy

RESERVE = 0.1
"""The share of the primary limit that is reserved for runs; work that can wait never uses it."""
SPARING = RateLimitItemPerSecond(10, namespace="sparing")
"""The rate of requests of work that can wait. The secondary limit is 900 points a minute, of which a read takes one."""
WRITES = RateLimitItemPerSecond(5, 5, namespace="writes")
"""The rate of writes: a single operation needs at most these five and does not wait; a longer series waits about five seconds
and then continues with one a second, as GitHub recommends."""
MAX_TURN = 30.0
"""The longest wait of a request for its turn, in seconds; beyond that it is refused with a time to try again."""
MINUTE, HOUR = 60.0, 3600.0
"""GitHub's windows are an hour, so after at most that time a service is asked again."""
LOW = "low"
"""Only the reserve of the primary limit is left."""

_DIGITS = re.compile(r"[0-9]{1,12}")
_sparing: ContextVar[bool] = ContextVar("sparing", default=False)


@contextmanager
def sparing() -> Iterator[None]:
    """Requests inside can wait: they are spread over time, never use the reserve, and are refused during a known pause."""
    token = _sparing.set(True)
    try:
        yield
    finally:
        _sparing.reset(token)


class ServiceLimits:
    """The limits of ``credential`` at ``address``, over all processes."""

    def __init__(self, address: str, credential: str) -> None:
        key = hashlib.sha256(f"{address}\n{credential}".encode()).hexdigest()
        self._limiter = RateLimiter(shared_store(settings.REDIS_URL), f"hosting/{key}")

    def enter(self, *, writes: bool) -> None:
        """Waits for its turn. Raises HostBusy, without a request to the service, if work that can wait would have to, or if its
        turn is more than MAX_TURN away."""
        if _sparing.get():
            if low := self._limiter.closed_for(LOW):
                raise HostBusy("What is left of the service's limit is kept for runs.", retry_after=low)
            self._wait(Charge(SPARING), patience_if_asked=0.0)
        if writes:
            self._wait(Charge(WRITES), patience_if_asked=None)

    def learn(self, status: int, headers: Mapping[str, str]) -> None:
        """Records the limits in a response; ``headers`` have lower-case names."""
        now = clock.now().timestamp()
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
    """The delay that a response requests, in seconds, at most an hour; a minute if it names none, as GitHub advises."""
    said, reset = _number(headers, "retry-after"), _number(headers, "x-ratelimit-reset")
    if said is not None:
        return min(said, HOUR)
    if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        return min(max(1.0, reset - clock.now().timestamp()), HOUR)
    return MINUTE


def _number(headers: Mapping[str, str], name: str) -> float | None:
    """A header as a number of at most 12 digits: its value is untrusted."""
    value = headers.get(name, "")
    return float(value) if _DIGITS.fullmatch(value) else None
