"""A hunk that leaves out lines between its changes: each piece of it must name one place, in order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from agent.patch.index import EXACT, TRAILING, Index
from agent.patch.levels import ANCHORS
from agent.patch.model import Line, PatchHunk
from agent.patch.placement import Placement, placed

MAX_SEGMENTS = 24
_ELISION = re.compile(r"(?:#|//|/\*|<!--|--|;|%)?\s*(?:\.{3}|…).{0,80}")


def find(hunk: PatchHunk, index: Index, drift: int | None) -> Placement | None:
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
    if not skipped and not all(_changes(hunk.lines, a, b, last=b == len(kept)) for a, b in zip(starts, ends, strict=True)):
        return None
    gone = {id(old[at]) for at in skipped}
    lines = [line for line in hunk.lines if id(line) not in gone]
    if _adds_at_a_gap(lines, starts[1:]) or _adds_beside(hunk.lines, gone):
        return None
    whole = replace(hunk, lines=lines, old_bare=False, new_bare=False)
    offset = positions[0] - stated if stated is not None else 0
    return placed(whole, ANCHORS, positions[0], positions=positions, offset=offset)


def _changes(lines: Sequence[Line], start: int, end: int, *, last: bool) -> bool:
    """True when something is removed or added among the old lines ``start`` to ``end``, or after the ``last`` one."""
    taken = 0
    for line in lines:
        if line.tag != " " and (start <= taken < end or (last and taken == end)):
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
