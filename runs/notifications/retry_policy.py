"""How often, and after what time, something is tried again that a hosting service did not do."""

from __future__ import annotations

from datetime import timedelta

CLAIM_TIMEOUT = timedelta(minutes=5)
"""A worker that holds a row for longer counts as lost."""
MAX_ATTEMPTS = 40
"""Some six hours, while the service fails or wants us to wait."""
MAX_REFUSALS = 6
"""Two minutes, where it says that we may not: rights come late after a change, and not by themselves."""
LONGEST = 600.0


def backoff(attempts: int, retry_after: float | None = None) -> timedelta:
    """``retry_after`` is what the service asks for, in seconds."""
    return timedelta(seconds=min(LONGEST, 2.0**attempts) if retry_after is None else min(retry_after, 3600.0))
