"""Errors of this application."""

from __future__ import annotations

from agent.errors import Cancelled
from mgx_project.common.errors import MGXError


class LeaseLost(Cancelled):
    """Another worker owns the run by now (or its row is gone): this one must not write anything more."""


class TooManyMessages(MGXError):
    """More was said to a run than its team could read."""

    http_status = 429
    code = "too_many_messages"

    def __init__(self, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
