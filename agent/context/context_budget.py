"""How much of a prompt each part of what is known of the repository may take, in tokens by the local estimate.

An opening is sent again with every call of its session, so where the model has tools it only says where to look; a model
without tools is shown what it has to work on.

=========  ===========  ==============  ==========================================================
section    with tools   without tools   holds
=========  ===========  ==============  ==========================================================
guides     2,400        4,000           AGENTS.md whole, the beginnings of README and CONTRIBUTING
files      600          26,000          files to be worked on: whole, or (with tools only the) relevant parts and outline
named      200          700             what the task names, with its place
map        200          4,000           definitions that may matter; with tools their names
listing    250          8,000           files and folders
tests      50           600             where tests live and what runs them
history    50           800             what is changed together; without tools, subjects of the last commits before it
=========  ===========  ==============  ==========================================================

A usual repository has no AGENTS.md and takes little of ``guides``: about 1,100 tokens in all with tools.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

from agent.token_estimates import estimate_weight

UNITS = 6
"""``estimate_weight`` of one token."""
SHARE = 0.4
"""Of the window; the rest is for the plan, the conversation with the tools, and the answer."""


@dataclass(frozen=True)
class ContextBudget:
    guides: int
    files: int
    named: int
    map: int
    listing: int
    tests: int
    history: int

    @property
    def total(self) -> int:
        return sum(astuple(self))


WITH_TOOLS = ContextBudget(guides=2_400, files=600, named=200, map=200, listing=250, tests=50, history=50)
WITHOUT_TOOLS = ContextBudget(guides=4_000, files=26_000, named=700, map=4_000, listing=8_000, tests=600, history=800)
"""Where the window is large, or not known."""


def budget_for(window: int | None, *, tools: bool = False) -> ContextBudget:
    """``window``: tokens of the smallest model that will see it; None is not known."""
    whole = WITH_TOOLS if tools else WITHOUT_TOOLS
    if window is None or window * SHARE >= whole.total:
        return whole
    scale = window * SHARE / whole.total
    return ContextBudget(*(int(part * scale) for part in astuple(whole)))


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


def cut_to(lines: list[str], tokens: int, more: str) -> str:
    """``lines`` as one text; where not all fit, the first of them and the line ``more``."""
    shown = within(lines, tokens)
    if len(shown) < len(lines):
        shown = [*within(lines, max(0, tokens - estimate_weight(more + "\n") // UNITS - 1)), more]
    return "\n".join(shown)
