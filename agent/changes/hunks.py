"""A file's change in pieces that a person accepts or rejects one by one.

The numbers of the pieces are part of what people decide on, so they depend on nothing but the two texts: whoever shows a change
and whoever takes parts of it back compute the same ones.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from agent.matching import ends, opcodes
from agent.ports import JSONObject

CONTEXT = 3
"""Unchanged lines shown around a change; changes nearer to each other than twice that are one hunk, as in diff(1)."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_Edit = tuple[int, int, int, int]


@dataclass(frozen=True)
class Hunk:
    """``number`` counts from 0 within the file; starts count lines from 1, as in a unified diff. ``lines`` begin with a space,
    a minus or a plus and have no line ends."""

    number: int
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: Sequence[str]
    sides: str = ""
    """A digest of the lines of both texts with their ends, which ``lines`` do not show."""

    def to_json(self) -> JSONObject:
        return {**asdict(self), "lines": list(self.lines)}


def hunks(old: str | None, new: str | None) -> list[Hunk]:
    """How ``old`` became ``new``; None is a file that is not there. A created or deleted file is one hunk, even if empty."""
    before, after = _lines(old), _lines(new)
    found = []
    for number, group in enumerate(_groups(old, new)):
        first, last = max(group[0][0] - CONTEXT, 0), min(group[-1][1] + CONTEXT, len(before))
        lead, trail = group[0][0] - first, last - group[-1][1]
        start, end = group[0][2] - lead, group[-1][3] + trail
        shown, at = [], first
        for old_from, old_to, new_from, new_to in group:
            shown += [f" {line}" for line in before[at:old_from]]
            shown += [f"-{line}" for line in before[old_from:old_to]]
            shown += [f"+{line}" for line in after[new_from:new_to]]
            at = old_to
        shown += [f" {line}" for line in before[at:last]]
        old_start, new_start = first + (last > first), start + (end > start)
        sides = _digest(before[first:last], after[start:end])
        lines = [line.removesuffix("\n") for line in shown]
        found.append(Hunk(number, old_start, last - first, new_start, end - start, lines, sides))
    return found


def without(old: str | None, new: str | None, rejected: Collection[int]) -> str | None:
    """``new`` with the hunks of the numbers ``rejected`` as they were in ``old``. Unknown numbers are ignored."""
    groups = _groups(old, new)
    if old is None or new is None:
        return old if 0 in rejected else new
    before, after = _lines(old), _lines(new)
    kept: list[str] = []
    at = 0
    for number, group in enumerate(groups):
        if number not in rejected:
            continue
        for old_from, old_to, new_from, new_to in group:
            kept += [*after[at:new_from], *before[old_from:old_to]]
            at = new_to
    return "".join((*kept, *after[at:]))


def _groups(old: str | None, new: str | None) -> list[list[_Edit]]:
    """The edits (old from, old to, new from, new to), those that share context together."""
    before, after = _lines(old), _lines(new)
    if old is None or new is None:
        return [] if old is new else [[(0, len(before), 0, len(after))]]
    head, tail = ends(before, after)
    codes = opcodes(before[head : len(before) - tail], after[head : len(after) - tail], autojunk=True)
    groups: list[list[_Edit]] = []
    for tag, old_from, old_to, new_from, new_to in codes:
        if tag == "equal":
            continue
        edit = (old_from + head, old_to + head, new_from + head, new_to + head)
        if groups and edit[0] - groups[-1][-1][1] <= 2 * CONTEXT:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    return groups


def _digest(old: Sequence[str], new: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for side in (old, new):
        text = "".join(side).encode("utf-8", "surrogatepass")
        digest.update(len(text).to_bytes(8, "big") + text)
    return digest.hexdigest()


def _lines(text: str | None) -> list[str]:
    return _LINE.findall(text or "")
