"""Which tools a role may use, and how often before it has to answer. The role's instruction says so."""

from __future__ import annotations

from dataclasses import dataclass

from agent.tools import LOOKING, TOOLS

MAX_CALLS_AT_ONCE = 8
"""Of one answer, as the rules of the tools say; what weak models write beyond that is repetition."""


@dataclass(frozen=True)
class Bounds:
    """Of one conversation: ``turns`` with calls, ``calls`` in all, and ``characters`` of their results together."""

    turns: int
    calls: int
    characters: int

    def told(self) -> str:
        return f"{self.turns} turns, {self.calls} calls and {self.characters:,} characters of results"


BY_ROLE = {
    # understanding: a few places, found by search; what is read here the engineer knows too
    "team_leader": Bounds(8, 24, 80_000),
    # reads what it changes, runs it, and goes on from what it sees
    "engineer": Bounds(40, 120, 200_000),
    "tester": Bounds(12, 32, 60_000),
    # the diff is there already; callers of what changed are looked up
    "reviewer": Bounds(8, 16, 60_000),
}
FEWEST = Bounds(4, 8, 30_000)
"""Of a role that is not named."""

TRYING = (*LOOKING, "run")
"""What a command changes is dropped where the role may not edit."""
WORKING = (*TRYING, "edit", "finish")
OFFERED = tuple(TOOLS)
"""To every role, in this order: they stand before everything else in a provider's cache of prompts."""
BY_ROLE_TOOLS = {"team_leader": TRYING, "engineer": WORKING, "tester": WORKING, "reviewer": TRYING}
