"""A hunk that leaves out lines between its changes: each piece of it must name one place, in order."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from itertools import groupby

from agent.patch.index import EXACT, TRAILING, Index
from agent.patch.levels import ANCHORS
from agent.patch.model import Line, PatchHunk
from agent.patch.placement import Placement, placed

MAX_SEGMENTS = 24
_ELISION = re.compile(r"(?:#|//|/\*|<!--|--|;|%)?\s*(?:\.{3}|…).{0,80}")


def find(hunk: PatchHunk, index: Index, drift: int | None) -> Placement | None:
    """Several edits under one header: each piece stands in one place, in order. A gap is where the hunk says that it leaves out
    lines, or between lines of context."""
    old = [line for line in hunk.lines if line.tag != "+"]
    skipped = {at for at, line in enumerate(old) if line.tag == " " and _is_elision(line, index)}
    kept = [line for at, line in enumerate(old) if at not in skipped]
    told = {at - number for number, at in enumerate(sorted(skipped))}
    pieces = _pieces([line.text for line in kept], told, index)
    if pieces is None or (len(pieces.starts) < 2 and not skipped):
        return None
    if any(kept[at].tag != " " or kept[at - 1].tag != " " for at in pieces.starts[1:] if at not in told):
        return None
    stated = hunk.old_start - 1 if hunk.old_start is not None else None
    if stated is not None and pieces.positions[0] not in (stated, stated + (drift or 0)):
        return None
    ends = [*pieces.starts[1:], len(kept)]
    if not skipped and not all(
        _changes(hunk.lines, a, b, last=b == len(kept)) for a, b in zip(pieces.starts, ends, strict=True)
    ):
        return None
    gone = {id(old[at]) for at in skipped}
    lines = [line for line in hunk.lines if id(line) not in gone]
    if _adds_at_a_gap(lines, {*pieces.starts[1:]} - told) or _adds_beside(hunk.lines, gone):
        return None
    whole = replace(hunk, lines=lines, old_bare=False, new_bare=False)
    offset = pieces.positions[0] - stated if stated is not None else 0
    return placed(whole, ANCHORS, pieces.positions[0], positions=pieces.positions, offset=offset)


@dataclass(frozen=True)
class _Pieces:
    """``starts`` are the indexes of old lines at which a run of consecutive lines of the file begins, ``positions`` where each
    old line stands."""

    starts: list[int]
    positions: list[int]


def _pieces(wanted: Sequence[str], told: Set[int], index: Index) -> _Pieces | None:
    """The longest runs of ``wanted`` in the file, one after the other; none goes on over an index that is ``told`` to be a gap.
    None where one has no place, or several."""
    found = _Pieces([], [])
    while (at := len(found.positions)) < len(wanted):
        stop = min((gap for gap in told if gap > at), default=len(wanted))
        size = index.longest(EXACT, wanted[at:stop])
        places = index.find(EXACT, wanted[at : at + size], 2) if size else []
        if len(places) != 1 or len(found.starts) >= MAX_SEGMENTS or (at and places[0] <= found.positions[-1]):
            return None
        found.starts.append(at)
        found.positions.extend(range(places[0], places[0] + size))
    return found


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


def _adds_at_a_gap(lines: Sequence[Line], gaps: Set[int]) -> bool:
    """True when something is added exactly where lines are left out: before or after them, nobody knows."""
    taken = 0
    for line in lines:
        if line.tag == "+" and taken in gaps:
            return True
        taken += line.tag != "+"
    return False


def _adds_beside(lines: Sequence[Line], gone: set[int]) -> bool:
    """True when lines are added beside one that stands for left out ones, and not in the place of removed ones: before or after
    what is left out, nobody knows."""
    runs = [(key, list(run)) for key, run in groupby(lines, key=lambda line: id(line) if line.tag == " " else 0)]
    return any(
        key == 0 and any(other in gone for other, _ in runs[max(0, at - 1) : at + 2]) and all(line.tag == "+" for line in run)
        for at, (key, run) in enumerate(runs)
    )
