"""Where a hunk goes: which lines of the file it takes out and what it puts between which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.patch.indentation import Shift
from agent.patch.model import PatchHunk


@dataclass(frozen=True)
class Added:
    """One line to insert; ``cr`` as the patch wrote it."""

    text: str
    cr: bool = False


@dataclass(frozen=True)
class Placement:
    """``start`` (0-based) to ``end`` are the file's lines that the hunk shows; ``deleted`` are indexes of lines, ``inserted``
    maps a gap (the index of the line after it) to what goes there. ``already`` says that the file has the change."""

    level: str
    start: int
    end: int = 0
    deleted: tuple[int, ...] = ()
    inserted: tuple[tuple[int, tuple[Added, ...]], ...] = ()
    offset: int = 0
    already: bool = False
    crs: tuple[tuple[int, bool], ...] = ()
    shift: Shift | None = None


@dataclass(frozen=True)
class Refusal:
    """Why a hunk has no place; ``candidates`` are 1-based line numbers of those that come into question, ``readings`` the
    placements that all fit where it can be read in several ways."""

    code: str
    reason: str
    candidates: Sequence[int] = ()
    readings: Sequence[Placement] = ()


def placed(
    hunk: PatchHunk, level: str, at: int, *, added: Sequence[str] | None = None, offset: int = 0, positions: Sequence[int] = ()
) -> Placement:
    """The hunk with its old lines from ``at`` (0-based) on, or each at its own of ``positions``, with ``added`` for its own."""
    texts = iter(added) if added is not None else None
    where = list(positions) or list(range(at, at + len(hunk.old())))
    deleted: list[int] = []
    gaps: dict[int, list[Added]] = {}
    crs: list[tuple[int, bool]] = []
    taken, gap = 0, at
    for line in hunk.lines:
        if line.tag == "+":
            gaps.setdefault(gap, []).append(Added(next(texts) if texts is not None else line.text, line.cr))
            continue
        if line.tag == "-":
            deleted.append(where[taken])
        crs.append((where[taken], line.cr))
        gap = where[taken] + 1
        taken += 1
    inserted = tuple((place, tuple(lines)) for place, lines in gaps.items())
    return Placement(level, at, max(gap, at), tuple(deleted), inserted, offset, crs=tuple(crs))
