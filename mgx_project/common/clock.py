"""The database's time, which is the same for every process: their own clocks may be wrong by minutes, and by different ones.

It is asked for as a connection is taken, at most every REFRESH_SECONDS, and runs on by the monotonic clock in between. Right to
about a millisecond: what must be exact (who holds a lease) compares in the database, with `Now()`. Order comes from numbers
that the database gives, not from times.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.backends.signals import connection_created

REFRESH_SECONDS = 10.0
LONGEST_ANSWER = 1.0
"""Seconds: an answer that took longer (this process stood still) says nothing."""
_known: tuple[datetime, float] | None = None
"""The database's time at a moment of the monotonic clock."""


def now() -> datetime:
    """In UTC. The machine's own where this process has not asked a database yet."""
    if _known is None:
        return datetime.now(UTC)
    at, moment = _known
    return at + timedelta(seconds=time.monotonic() - moment)


def learn(at: datetime, asked: float) -> None:
    """``at`` is what the database said just now; it was asked at ``asked`` of the monotonic clock."""
    global _known
    answered = time.monotonic()
    if answered - asked <= LONGEST_ANSWER:
        _known = at.astimezone(UTC), (asked + answered) / 2


def _ask(connection: Any, **_: object) -> None:
    if _known is not None and time.monotonic() - _known[1] < REFRESH_SECONDS:
        return
    asked = time.monotonic()
    # the driver's own cursor: not counted among the queries of whoever needs the connection
    learn(connection.connection.execute("SELECT clock_timestamp()").fetchone()[0], asked)


connection_created.connect(_ask, dispatch_uid="mgx.clock")
