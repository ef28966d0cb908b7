"""How much of a model's context window each part of the prompt may take, in tokens by the local estimate."""

from __future__ import annotations

from dataclasses import dataclass

from agent.token_estimates import estimate_weight

UNITS = 6
"""``estimate_weight`` of one token."""
SHARE = 0.4
"""Of the window; the rest is for the plan, the conversation with the tools, and the answer."""
TEXTS, MAP, LISTING, HISTORY, TESTS = 30_000, 4_000, 8_000, 800, 600
"""Where the window is large, or not known."""


@dataclass(frozen=True)
class ContextBudget:
    texts: int = TEXTS
    map: int = MAP
    listing: int = LISTING
    history: int = HISTORY
    tests: int = TESTS

    @property
    def total(self) -> int:
        return self.texts + self.map + self.listing + self.history + self.tests


def budget_for(window: int | None) -> ContextBudget:
    """``window``: tokens of the smallest model that will see it; None is not known."""
    whole = ContextBudget()
    if window is None or window * SHARE >= whole.total:
        return whole
    scale = window * SHARE / whole.total
    parts = (whole.texts, whole.map, whole.listing, whole.history, whole.tests)
    return ContextBudget(*(int(part * scale) for part in parts))


def within(lines: list[str], tokens: int) -> list[str]:
    """The first of ``lines`` that fit."""
    # in the estimate's own small units: it rounds every text up
    left, shown = UNITS * tokens, []
    for line in lines:
        left -= estimate_weight(line + "\n")
        if left < 0:
            break
        shown.append(line)
    return shown
