"""Hunks that leave out blank lines of the file, or show some that it has not: models drop them all the time.

The lines with text must stand together in one place when the blank ones between them are not looked at. The blank lines of the
file stay: the hunk is completed with them as context. Where a change touches the place of one that was left out, it goes to the
side that it belongs to, or there is no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent.patch.indentation import indent_of
from agent.patch.index import EXACT, INDENTATION, PUNCTUATION, TRAILING, Index
from agent.patch.levels import ANCHORS, at_level
from agent.patch.model import Line, PatchHunk
from agent.patch.placement import Placement, Refusal

_BLANK = Line(" ", "")


def find(hunk: PatchHunk, index: Index) -> Placement | Refusal | None:
    """The only place of the hunk with blank lines ignored; ``ambiguous`` where there are several, None where there is none."""
    wanted = _solid(hunk.old())
    if hunk.at_end or len(wanted) < 2 or _has_unclear_blank(hunk) or not any(_has_word(text) for text in wanted):
        return None
    if not index.solid.find(PUNCTUATION, wanted, 1):
        return None
    for level in (EXACT, TRAILING, INDENTATION, PUNCTUATION):
        places = index.solid.find(level, wanted)
        if not places:
            continue
        at = places[0] if len(places) == 1 else _stated(hunk, index, level, places)
        if at is None:
            return Refusal(
                "ambiguous", "the same lines occur in several places (blank lines apart)",
                [index.solid_places[place] + 1 for place in places],
            )  # fmt: skip
        return _placed(hunk, index, level, at)
    return None


def _has_unclear_blank(hunk: PatchHunk) -> bool:
    """True for a blank line of a diff that has no prefix: it may be a new one. Lines of blocks have none at all."""
    return any(line.raw for line in hunk.lines) and any(line.tag == " " and not line.raw for line in hunk.lines)


def _stated(hunk: PatchHunk, index: Index, level: str, places: Sequence[int]) -> int | None:
    """The place that the header says, where it deserves trust and its first line does not tell otherwise."""
    if level != EXACT or not hunk.coherent or hunk.old_start is None or not hunk.old()[0].strip():
        return None
    return next((place for place in places if index.solid_places[place] == hunk.old_start - 1), None)


def _placed(hunk: PatchHunk, index: Index, level: str, at: int) -> Placement | Refusal | None:
    new, size = _solid(hunk.new()), len(_solid(hunk.old()))
    first = index.solid_places[at]
    stated = hunk.old_start - 1 if hunk.old_start is not None else None
    if len(new) > size and any(start <= at and at + size <= start + len(new) for start in index.solid.find(EXACT, new)):
        return Placement(ANCHORS, first, already=True, offset=first - stated if stated is not None else 0)
    whole = _completed(hunk, index, at)
    if whole is None:
        return None
    lines, start = whole
    found = at_level(replace(hunk, lines=lines, old_bare=False, new_bare=False), index, level, start, stated)
    return replace(found, level=ANCHORS) if isinstance(found, Placement) else found


def _completed(hunk: PatchHunk, index: Index, at: int) -> tuple[list[Line], int] | None:
    """The hunk's lines with the file's blank ones, from the solid line ``at`` on, and where the first of them stands."""
    places, number = index.solid_places, at
    gaps: list[list[Line]] = [[]]
    solid: list[Line] = []
    for line in hunk.lines:
        if line.tag != "+" and line.text.strip():
            solid.append(line)
            gaps.append([])
        else:
            gaps[-1].append(line)
    above = places[at] - (places[at - 1] + 1 if at else 0)
    head = _edge(gaps[0][::-1], above)
    after = at + len(solid)
    below = (places[after] if after < len(places) else len(index.lines)) - places[after - 1] - 1
    tail = _edge(gaps[-1], below)
    if head is None or tail is None:
        return None
    lines = head[::-1]
    start = places[at] - sum(line.tag != "+" for line in lines)
    for number, line in enumerate(solid):
        lines.append(line)
        if number + 1 == len(solid):
            break
        real = places[at + number + 1] - places[at + number] - 1
        between = _between(gaps[number + 1], line, solid[number + 1], real)
        if between is None:
            return None
        lines += between
    return [*lines, *tail], start


def _edge(gap: Sequence[Line], real: int) -> list[Line] | None:
    """What stands outside of the outermost solid line, from it outwards: blank lines as far as the file has them."""
    if any(line.tag == "-" for line in gap):
        return list(gap) if sum(line.tag != "+" for line in gap) <= real else None
    first = next((n for n, line in enumerate(gap) if line.tag == "+"), len(gap))
    added = [line for line in gap if line.tag == "+"]
    if any(line.tag != "+" for line in gap[first : first + len(added)]):
        return None
    return [*[_BLANK] * min(first, real), *added] if added else []


def _between(gap: Sequence[Line], before: Line, after: Line, real: int) -> list[Line] | None:
    """What stands between two solid lines of the hunk, with the ``real`` number of blank lines."""
    shown = sum(line.tag != "+" for line in gap)
    if shown == real:
        return list(gap)
    added = [line for line in gap if line.tag == "+"]
    if any(line.tag == "-" for line in gap) or (before.tag == after.tag == "-"):
        return None
    blanks = [_BLANK] * real
    if not added:
        return blanks
    first = next(n for n, line in enumerate(gap) if line.tag == "+")
    above, below = first, shown - first
    if any(line.tag != "+" for line in gap[first : first + len(added)]) or (above and below):
        return None
    side = "above" if below else "below" if above else _side(added, before, after)
    return None if side is None else [*added, *blanks] if side == "above" else [*blanks, *added]


def _side(added: Sequence[Line], before: Line, after: Line) -> str | None:
    """On which side of the blank lines new ones go: with what they replace, with their own blank line outside, or at the line
    that is indented as they are; else below the line that they follow."""
    if before.tag == "-" or after.tag == "-":
        return "above" if before.tag == "-" else "below"
    starts, ends = not added[0].text.strip(), not added[-1].text.strip()
    if starts or ends:
        return None if starts and ends else "above" if starts else "below"
    indent = indent_of(added[0].text)
    return "below" if indent == indent_of(after.text) != indent_of(before.text) else "above"


def _solid(texts: Sequence[str]) -> list[str]:
    return [text for text in texts if text.strip()]


def _has_word(text: str) -> bool:
    return any(char.isalnum() for char in text)
