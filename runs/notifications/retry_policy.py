"""Retries of requests to hosting services: how often, and with what delays."""

from __future__ import annotations

from datetime import timedelta

CLAIM_TIMEOUT = timedelta(minutes=5)
"""Claim timeout: a worker that holds a row for longer is assumed dead."""
MAX_ATTEMPTS = 40
"""Retries over about six hours, while the service fails or limits requests."""
MAX_REFUSALS = 6
"""Retries over two minutes after a refusal: new permissions take effect late, but not by themselves."""
LONGEST = 600.0


def backoff(attempts: int, retry_after: float | None = None) -> timedelta:
    """``retry_after`` is the delay requested by the service, in seconds."""
    return timedelta(seconds=min(LONGEST, 2.0**attempts) if retry_after is None else min(retry_after, 3600.0))
