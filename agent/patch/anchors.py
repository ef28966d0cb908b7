"""The last level: a hunk whose context is stale at its edge, or leaves out lines between its changes.

What is removed must be there line by line, and what is left of the context must name one place; else there is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from agent.patch.index import EXACT, TRAILING, Index
from agent.patch.model import Line, PatchHunk
from agent.patch.placement import Placement, placed

LEVEL = "anchors"
MAX_STALE = 2
"""Lines of context that may be out of date, on each side."""

MAX_SEGMENTS = 24
_HEADING = re.compile(
    r"\s*(?:@|(?:def|class|async|func|fn|function|public|private|protected|static|export|impl|struct|interface|enum|trait|type|"
    r"module|namespace|describe|it|test|package|sub|begin|section|\[)\b)|\s*#{1,6} |.*[{:]\s*$"
)
_ELISION = re.compile(r"(?:#|//|/\*|<!--|--|;|%)?\s*(?:\.{3}|…).{0,80}")


def find(hunk: PatchHunk, index: Index, drift: int | None) -> Placement | None:
    """The hunk's place with its stale edges cut off, or in several pieces; None where nothing is sure."""
    return _without_edges(hunk, index, drift) or _in_pieces(hunk, index, drift)


def _without_edges(hunk: PatchHunk, index: Index, drift: int | None) -> Placement | None:
    leading, trailing = hunk.leading(), hunk.trailing()
    if hunk.at_end or (hunk.old_count is not None and not hunk.coherent):
        return None
    cuts = [(a, b) for a in range(MAX_STALE + 1) for b in range(MAX_STALE + 1) if a + b > 0 and a < leading and b < trailing]
    cuts += [(a, 0) for a in range(1, MAX_STALE + 1) if a < leading and not trailing]
    cuts += [(0, b) for b in range(1, MAX_STALE + 1) if b < trailing and not leading]
    for before, after in sorted(cuts, key=sum):
        lines = hunk.lines[before : len(hunk.lines) - after]
        cut = [line.text for line in (*hunk.lines[:before], *hunk.lines[len(hunk.lines) - after :])]
        stated = hunk.old_start - 1 + before if hunk.old_start is not None else None
        kept = replace(hunk, lines=lines, old_bare=False, new_bare=False)
        for level in (EXACT, TRAILING):
            places = index.find(level, kept.old(), 2)
            if not places:
                continue
            expected = [stated, stated + (drift or 0)] if stated is not None else []
            here = next((at for at in expected if index.stands_at(level, kept.old(), at)), None)
            if len(places) > 1 and here is None:
                return None
            at = here if here is not None else places[0]
            if not _kept_enough(kept) or (here is None and not _sure(hunk, kept, cut, index)):
                return None
            offset = at - stated if stated is not None else 0
            if _done(kept, index, at):
                return None
            return placed(kept, LEVEL, at, offset=offset)
    return None


def _kept_enough(kept: PatchHunk) -> bool:
    """What is removed, or a line on either side of what is added, and two lines with words in all."""
    old = [line for line in kept.old() if any(char.isalnum() for char in line)]
    removes = any(line.tag == "-" for line in kept.lines)
    return len(old) >= 2 and (removes or (kept.leading() > 0 and kept.trailing() > 0))


def _sure(hunk: PatchHunk, kept: PatchHunk, cut: list[str], index: Index) -> bool:
    """A place that no number confirms: the lost context must be one unimportant line that is nowhere else in the file, and
    what is removed must stand nowhere else."""
    if hunk.old_start is not None or len([line for line in cut if line.strip()]) > 1:
        return False
    if any(_HEADING.match(line) or index.find(TRAILING, [line], 1) for line in cut if line.strip()):
        return False
    removed = [line.text for line in kept.lines if line.tag == "-"]
    run = max((list(group) for tag, group in groupby(kept.lines, key=lambda line: line.tag) if tag == "-"), key=len, default=[])
    if removed:
        return any(line.strip() for line in removed) and len(index.find(TRAILING, [line.text for line in run], 2)) == 1
    pair = [kept.lines[kept.leading() - 1].text, kept.lines[len(kept.lines) - kept.trailing()].text]
    return len(index.find(TRAILING, pair, 2)) == 1


def _done(kept: PatchHunk, index: Index, at: int) -> bool:
    new, size = kept.new(), len(kept.old())
    return len(new) > size and any(start <= at and at + size <= start + len(new) for start in index.find(EXACT, new))


def _in_pieces(hunk: PatchHunk, index: Index, drift: int | None) -> Placement | None:
    """Several edits under one header: each piece stands in one place, in order, and the gaps are between lines of context."""
    old = [line for line in hunk.lines if line.tag != "+"]
    skipped = [at for at, line in enumerate(old) if line.tag == " " and _is_elision(line, index)]
    wanted = [line.text for at, line in enumerate(old) if at not in skipped]
    positions: list[int] = []
    starts: list[int] = []
    while len(positions) < len(wanted):
        rest = wanted[len(positions) :]
        size = index.longest(EXACT, rest)
        places = index.find(EXACT, rest[:size], 2) if size else []
        if len(places) != 1 or len(starts) >= MAX_SEGMENTS or (positions and places[0] <= positions[-1]):
            return None
        starts.append(len(positions))
        positions += range(places[0], places[0] + size)
    if len(starts) < 2 and not skipped:
        return None
    kept = [line for at, line in enumerate(old) if at not in skipped]
    if any(kept[at].tag != " " or kept[at - 1].tag != " " for at in starts[1:]):
        return None
    stated = hunk.old_start - 1 if hunk.old_start is not None else None
    if stated is not None and positions[0] not in (stated, stated + (drift or 0)):
        return None
    ends = [*starts[1:], len(kept)]
    if not skipped and not all(_changes(hunk.lines, a, b) for a, b in zip(starts, ends, strict=True)):
        return None
    gone = {id(old[at]) for at in skipped}
    lines = [line for line in hunk.lines if id(line) not in gone]
    if _adds_at_a_gap(lines, starts[1:]) or _adds_beside(hunk.lines, gone):
        return None
    whole = replace(hunk, lines=lines, old_bare=False, new_bare=False)
    offset = positions[0] - stated if stated is not None else 0
    return placed(whole, LEVEL, positions[0], positions=positions, offset=offset)


def _changes(lines: Sequence[Line], start: int, end: int) -> bool:
    """True when something is removed or added among the old lines ``start`` to ``end``."""
    taken = 0
    for line in lines:
        if line.tag != " " and start <= taken < end:
            return True
        taken += line.tag != "+"
    return False


def _is_elision(line: Line, index: Index) -> bool:
    return _ELISION.fullmatch(line.text.lstrip()) is not None and not index.find(TRAILING, [line.text], 1)


def _adds_at_a_gap(lines: list[Line], starts: list[int]) -> bool:
    """True when something is added exactly where lines are left out: before or after them, nobody knows."""
    taken, gaps = 0, set(starts)
    for line in lines:
        if line.tag == "+" and taken in gaps:
            return True
        taken += line.tag != "+"
    return False


def _adds_beside(lines: Sequence[Line], gone: set[int]) -> bool:
    """True when a line that stands for left out ones is next to an added one."""
    return any(
        id(line) in gone and any(other.tag != " " for other in lines[max(0, at - 1) : at + 2]) for at, line in enumerate(lines)
    )
