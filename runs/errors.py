"""This room's branch of the error tree."""

from __future__ import annotations

from agent.errors import Cancelled


class LeaseLost(Cancelled):
    """Another worker owns the run by now (or its row is gone): this one must not write anything more."""
