"""A worker's transactions that must not be lost to a lock: what they record was paid for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import DatabaseError

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_SECONDS = 75.0
"""Longer than a frozen process keeps its locks (`workspaces.migrations.0012_frozen_holders_end`), several times over."""
ROLLED_BACK = ("55P03", "25P03")
"""SQLSTATE (PostgreSQL, appendix A): a lock was not free in time; this process stood still with locks in hand and lost them."""


def until_unlocked(transaction: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Does one transaction, again where it was rolled back whole for its locks. Raises what it raises otherwise, and that error
    of the database when LONGEST_SECONDS are over."""
    last = time.monotonic() + LONGEST_SECONDS
    while True:
        try:
            return transaction(*args, **kwargs)
        except DatabaseError as error:
            if getattr(error.__cause__, "sqlstate", None) not in ROLLED_BACK or time.monotonic() >= last:
                raise
