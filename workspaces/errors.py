"""Errors that refuse a model call before it is made."""

from __future__ import annotations

RAISE = "Raise it (mgx budget update; the run's own with mgx resume --max-tokens or --max-cost-usd), then resume the run."
BY_OPERATOR = "Ask the operator of this server to raise it; then resume the run."


class CapReached(Exception):
    """A reservation would exceed a cap. The text says which one, ``hint`` what to do; ``in_flight``: calls that are being made
    hold what it lacks, and may leave some of it."""

    def __init__(self, detail: str, hint: str = RAISE, *, in_flight: bool = False) -> None:
        super().__init__(detail)
        self.detail, self.hint, self.in_flight = detail, hint, in_flight
