"""A worker's transactions that must not be lost to a lock: what they record was paid for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_SECONDS = 75.0
"""Longer than the minute for which a frozen process keeps its locks (`workspaces.migrations.0007_waits_end`)."""
LOCK_NOT_AVAILABLE = "55P03"
"""SQLSTATE (PostgreSQL, appendix A)."""


def until_unlocked(transaction: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Does one transaction, again where a lock of it was not free in time: it was rolled back whole. Raises what it raises
    otherwise, and OperationalError when LONGEST_SECONDS are over."""
    last = time.monotonic() + LONGEST_SECONDS
    while True:
        try:
            return transaction(*args, **kwargs)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE or time.monotonic() >= last:
                raise
