"""Errors of this application."""

from __future__ import annotations

from agent.errors import Cancelled
from mgx_project.common.errors import MGXError


class LeaseLost(Cancelled):
    """Another worker owns the run (or its row was deleted): this one must stop writing."""


class TooManyMessages(MGXError):
    """A run received more messages than its team can read."""

    http_status = 429
    code = "too_many_messages"

    def __init__(self, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
