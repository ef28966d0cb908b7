"""How many tool calls a role may make before it has to answer."""

from __future__ import annotations

from dataclasses import dataclass

from agent.tools import LOOKING

MAX_CALLS_AT_ONCE = 8
"""Of one answer; what weak models write beyond that is repetition."""


@dataclass(frozen=True)
class Bounds:
    """Of one conversation: ``rounds`` of calls, ``calls`` in all, and ``characters`` of their results together."""

    rounds: int
    calls: int
    characters: int


BY_ROLE = {
    # understanding: a few places, found by search; the files themselves are the engineer's business
    "team_leader": Bounds(8, 16, 60_000),
    # must read whatever it changes: about twenty files of usual length, 40,000 tokens
    "engineer": Bounds(16, 40, 120_000),
    # one module and the tests beside it
    "tester": Bounds(8, 16, 60_000),
    # the diff is there already; callers of what changed are looked up
    "reviewer": Bounds(8, 16, 60_000),
}
FEWEST = Bounds(4, 8, 30_000)
"""Of a role that is not named."""

BY_ROLE_TOOLS = {
    # nothing is run before a person has approved the plan
    "team_leader": LOOKING,
    "engineer": (*LOOKING, "run"),
    "tester": (*LOOKING, "run"),
    "reviewer": (*LOOKING, "run"),
}
