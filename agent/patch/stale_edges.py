"""A hunk whose context is out of date at its edge: cut off, the rest must name one place, and what is removed must be there.

The lines that are cut off are looked at too. One that is nearly the file's own line there is a slip. One that is another line
may belong to another place, so without a number that confirms it much less is needed to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from agent.patch import blank_lines
from agent.patch.indentation import indent_of
from agent.patch.index import EXACT, INDENTATION, PUNCTUATION, TRAILING, Index
from agent.patch.levels import ANCHORS, at_level
from agent.patch.model import Line, PatchHunk
from agent.patch.placement import Placement, Refusal
from agent.patch.similar import is_slip

MAX_STALE = 2
"""Lines of context that may be out of date, on each side."""

_HEADING = re.compile(
    r"\s*(?:@|(?:def|class|async|func|fn|function|public|private|protected|static|export|impl|struct|interface|enum|trait|type|"
    r"module|namespace|describe|it|test|package|sub|begin|section|proc|\[)\b)|\s*#{1,6} |.*[{:]\s*$"
)


@dataclass(frozen=True)
class _Cut:
    """A hunk without the lines cut off at its ends (``above``, ``below``), both from the hunk outwards. ``whole_side``: all
    of its context above or below the changes is cut off, so that no number is enough."""

    kept: PatchHunk
    above: Sequence[Line]
    below: Sequence[Line]
    stated: int | None
    whole_side: bool

    @property
    def texts(self) -> list[str]:
        return [line.text for line in (*self.above, *self.below) if line.text.strip()]


def find(hunk: PatchHunk, index: Index, drift: int | None) -> Placement | None:
    """The hunk's place with as few lines of its edges cut off as it needs; None where nothing is sure."""
    if hunk.at_end or any(line.tag == "-" and not index.find(PUNCTUATION, [line.text], 1) for line in hunk.lines):
        return None
    for cut in _cuts(hunk):
        if not _kept_enough(cut.kept):
            continue
        found = _firmly(cut, index, drift)
        if found is None:
            found = _loosely(cut, index)
        if found is not None:
            return found if isinstance(found, Placement) and not found.already else None
    return None


def _cuts(hunk: PatchHunk) -> Iterator[_Cut]:
    """From the smallest to the largest; a side of the context is cut off as a whole only where it is one line."""
    leading, trailing = hunk.leading(), hunk.trailing()
    sizes = [(a, b) for a in range(MAX_STALE + 1) for b in range(MAX_STALE + 1) if a + b > 0 and a < leading and b < trailing]
    sizes += [(a, 0) for a in range(1, MAX_STALE + 1) if a < leading and not trailing]
    sizes += [(0, b) for b in range(1, MAX_STALE + 1) if b < trailing and not leading]
    sizes += [(1, 0)] * (leading == 1 and trailing > 1) + [(0, 1)] * (trailing == 1 and leading > 1)
    for before, after in sorted(sizes, key=sum):
        end = len(hunk.lines) - after
        kept = replace(hunk, lines=hunk.lines[before:end], old_bare=False, new_bare=False)
        stated = hunk.old_start - 1 + before if hunk.old_start is not None else None
        yield _Cut(kept, hunk.lines[:before][::-1], hunk.lines[end:], stated, before == leading > 0 or after == trailing > 0)


def _firmly(cut: _Cut, index: Index, drift: int | None) -> Placement | Refusal | None:
    """Where what is kept stands as it is written; a refusal where it does and that is not enough."""
    kept = cut.kept
    refusal = Refusal("not_found", "what is left without its stale edges is not sure")
    for level in (EXACT, TRAILING):
        places = index.find(level, kept.old(), 2)
        if not places:
            continue
        expected = [cut.stated, cut.stated + (drift or 0)] if cut.stated is not None else []
        here = next((at for at in expected if index.stands_at(level, kept.old(), at)), None)
        if len(places) > 1 and (here is None or not _counts_hold(kept, cut)):
            return refusal
        at = here if here is not None else places[0]
        if _is_beyond(cut, index, at, at + len(kept.old())):
            return refusal
        if (here is None or cut.whole_side) and not _sure(cut, index, at, at + len(kept.old())):
            return refusal
        if _done(kept, index, at):
            return refusal
        found = at_level(kept, index, level, at, cut.stated)
        return replace(found, level=ANCHORS) if isinstance(found, Placement) else found
    return None


def _loosely(cut: _Cut, index: Index) -> Placement | Refusal | None:
    """Where it stands but for a second slip: blank lines left out, or another indentation or punctuation."""
    kept = cut.kept
    found = blank_lines.find(kept, index)
    if isinstance(found, Placement):
        return found if _slips(cut, index, found.start, found.end) and _removed_once(kept, index) else None
    for level in (INDENTATION, PUNCTUATION):
        places = index.find(level, kept.old(), 2)
        if len(places) == 1 and _slips(cut, index, places[0], places[0] + len(kept.old())):
            placed = at_level(kept, index, level, places[0], cut.stated)
            return replace(placed, level=ANCHORS) if isinstance(placed, Placement) else None
    return None


def _counts_hold(kept: PatchHunk, cut: _Cut) -> bool:
    size = len(cut.above) + len(cut.below)
    return kept.old_count is None or (kept.old_count, kept.new_count) == (len(kept.old()) + size, len(kept.new()) + size)


def _kept_enough(kept: PatchHunk) -> bool:
    """What is removed, or a line on either side of what is added (none above the first line), and two lines with words."""
    old = [line for line in kept.old() if any(char.isalnum() for char in line)]
    removes = any(line.tag == "-" for line in kept.lines)
    framed = (kept.leading() > 0 or kept.old_start == 1) and kept.trailing() > 0
    return len(old) >= 2 and (removes or framed)


def _sure(cut: _Cut, index: Index, start: int, end: int) -> bool:
    """A place that no number confirms: what is removed stands nowhere else, and the lost context is a slip, or one unimportant
    line that is nowhere else in a file for which the hunk states no number."""
    if not _removed_once(cut.kept, index):
        return False
    if _slips(cut, index, start, end):
        return True
    if cut.stated is not None or cut.whole_side or len(cut.texts) > 1:
        return False
    heads = [line.text for line in cut.above if line.text.strip()]
    if any(_is_head(text, cut) for text in heads):
        return False
    return not any(_HEADING.match(text) or index.find(TRAILING, [text], 1) for text in cut.texts)


def _is_beyond(cut: _Cut, index: Index, start: int, end: int) -> bool:
    """True when nothing stands in the file where lines are cut off: they may be new ones, then."""
    solid = index.solid_places
    above = any(line.text.strip() for line in cut.above) and (not solid or solid[0] >= start)
    return above or (any(line.text.strip() for line in cut.below) and (not solid or solid[-1] < end))


def _is_head(text: str, cut: _Cut) -> bool:
    """True for the head of a section, by its words or because it is less deep than what is changed below it."""
    changed = next((line.text for line in cut.kept.lines if line.tag != " " and line.text.strip()), "")
    return _HEADING.match(text) is not None or len(indent_of(text)) < len(indent_of(changed))


def _removed_once(kept: PatchHunk, index: Index) -> bool:
    """True when what is removed, or the two lines around what is added, stands in one place of the file."""
    runs = [list(group) for tag, group in groupby(kept.lines, key=lambda line: line.tag) if tag == "-"]
    if runs:
        run = max(runs, key=len)
        return any(line.text.strip() for line in run) and len(index.find(TRAILING, [line.text for line in run], 2)) == 1
    if not kept.leading() or not kept.trailing():
        return False
    pair = [kept.lines[kept.leading() - 1].text, kept.lines[len(kept.lines) - kept.trailing()].text]
    return len(index.find(TRAILING, pair, 2)) == 1


def _slips(cut: _Cut, index: Index, start: int, end: int) -> bool:
    """True when each line cut off is nearly the one that stands in its place, and none is the head of what is changed."""
    above = (index.lines[at] for at in range(start - 1, max(start - 20, 0) - 1, -1) if index.lines[at].strip())
    below = (index.lines[at] for at in range(end, min(end + 20, len(index.lines))) if index.lines[at].strip())
    heads = [line.text for line in cut.above if line.text.strip()]
    if any(_is_head(text, cut) for text in heads):
        return False
    tails = [line.text for line in cut.below if line.text.strip()]
    return all(
        is_slip(text, next(real, "")) for texts, real in ((heads, above), (tails, below)) for text in texts
    )  # fmt: skip


def _done(kept: PatchHunk, index: Index, at: int) -> bool:
    new, size = kept.new(), len(kept.old())
    return len(new) > size and any(start <= at and at + size <= start + len(new) for start in index.find(EXACT, new))
