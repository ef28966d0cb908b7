"""What a task is about in a repository: what it names, the files that this leads to, and the map around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.context.context_budget import ContextBudget, cut_to
from agent.context.mentions import find_mentions
from agent.context.ranking import RankingQuery
from agent.context.repomap import copied, names, ranked, render
from agent.context.resolution import Resolved, resolve
from agent.context.tag_index import Definitions, TagIndex, with_tags
from agent.context.view import Interest
from agent.symbols.tags import Definition

MAX_FOCUS = 8
MAX_FOCUS_WITH_TOOLS = 3
"""Files that the task leads to and that are shown: with tools the others are read where they are needed."""
MAX_CERTAIN = 3
"""A name that may be in more places than these leads to no file."""
MAX_NEAR = 6
BEST = 2
"""Definitions of a file that are near to the task where it names no line of it."""


@dataclass(frozen=True)
class Survey:
    """``focus`` are the wanted files and those that the task leads to, ``near`` the lines of each that matter, ``definitions``
    those of ``focus``."""

    focus: Sequence[str]
    resolved: str = ""
    map: str = ""
    near: dict[str, list[int]] = field(default_factory=dict)
    definitions: Definitions = field(default_factory=dict)


async def survey(root: Path, files: Sequence[str], wanted: Sequence[str], interest: Interest, budget: ContextBudget) -> Survey:
    """``files`` are regular files under ``root``; of ``wanted`` those count that are among them."""
    present = set(files)
    wanted = [path for path in dict.fromkeys(wanted) if path in present]
    looked_at = wanted if interest.again else list(files)

    def look(index: TagIndex) -> Survey:
        copies = copied(index, RankingQuery(interest.words, wanted))
        found = resolve(find_mentions(interest.said), looked_at, index.definitions, interest.words, copies)
        focus = _focus(wanted, found, present, interest)
        ranking = [] if interest.again else ranked(index, RankingQuery(interest.words, focus))
        more = "… and more" + (": `symbols` and `search`." if interest.tools else ".")
        return Survey(
            focus,
            cut_to([str(one) for one in found], budget.named, more),
            (names if interest.tools else render)(index, ranking, budget.map),
            _near(focus, found, ranking),
            {path: index.definitions[path] for path in focus if path in index.definitions},
        )

    return await with_tags(root, looked_at, interest.cache, look)


def _focus(wanted: Sequence[str], found: Sequence[Resolved], present: set[str], interest: Interest) -> list[str]:
    certain = [one for one in found if one.count <= (1 if one.is_path else MAX_CERTAIN)]
    led = [one.places[0].path for one in certain if one.places[0].path in present]
    most = MAX_FOCUS_WITH_TOOLS if interest.tools else MAX_FOCUS
    return [*wanted, *[path for path in dict.fromkeys(led) if path not in wanted][:most]]


def _near(focus: Sequence[str], found: Sequence[Resolved], ranking: Sequence[tuple[str, Definition]]) -> dict[str, list[int]]:
    near: dict[str, list[int]] = {path: [] for path in focus}
    for one in found:
        for place in one.places:
            if place.line and place.path in near:
                near[place.path].append(place.line)
    unknown = {path for path in focus if not near[path]}
    for path, definition in ranking:
        if path in unknown and len(near[path]) < BEST:
            near[path].append(definition.line)
    return {path: list(dict.fromkeys(lines))[:MAX_NEAR] for path, lines in near.items()}
