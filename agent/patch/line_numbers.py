"""Edits whose lines begin with the numbers that a tool or a listing showed before them.

They are taken off only where the lines are not in the file as sent, and where all that the edit shows of the file have
one, in order; the new lines then have one as well, all or none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from agent.patch.as_sent import MAX_LINES, NUMBERED
from agent.patch.byte_order_mark import MARK
from agent.patch.index import Index
from agent.patch.model import Line, PatchHunk


def without_numbers(hunk: PatchHunk, index: Index) -> PatchHunk | None:
    """The hunk without them; None where it has none, or only some of its lines do.

    Where the numbers are those of the file's lines, they are the place; else the hunk does not tell it.
    """
    old = [line for line in hunk.lines if line.tag != "+"]
    if not old or len(hunk.lines) > MAX_LINES:
        return None
    found = _numbered(old)
    new = [line for line in hunk.lines if line.tag == "+" and line.text.strip()]
    numbered = _numbered(new)
    if found is None or (numbered is None and any(_numbered([line]) for line in new)):
        return None
    numbers = [number for number, _ in found]
    if any(after <= before for before, after in pairwise(numbers)):
        return None
    bare = [_without(line) if line.tag != "+" or numbered is not None else line for line in hunk.lines]
    plain = replace(hunk, lines=bare, old_start=None, old_count=None, new_start=None, new_count=None)
    if not all(0 < at <= len(index.lines) and index.lines[at - 1].rstrip() == text.rstrip() for at, text in found):
        return plain
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return plain
    counts = (len(plain.old()), len(plain.new()))
    return replace(plain, old_start=numbers[0], old_count=counts[0], new_start=numbers[0], new_count=counts[1])


def numbers_of_new_lines(hunk: PatchHunk) -> bool:
    """True when all that the hunk adds begins with the number that its header says the line will have."""
    found = _numbered([line for line in hunk.lines if line.tag == "+" and line.text])
    return (
        found is not None
        and hunk.new_start is not None
        and [number for number, _ in found] == list(range(hunk.new_start, hunk.new_start + len(found)))
    )


def _numbered(lines: Sequence[Line]) -> list[tuple[int, str]] | None:
    """The number and the rest of each line; None where one has no number, or where there is no line."""
    hits = [NUMBERED.fullmatch(line.text) for line in lines]
    found = [(int(hit[1]), hit[3]) for hit in hits if hit is not None]
    return found if found and len(found) == len(lines) else None


def _without(line: Line) -> Line:
    hit = NUMBERED.fullmatch(line.text)
    if hit is None:
        return line
    text = hit[3].removeprefix(MARK)  # it stood before the first line, and the number before it
    return replace(line, text=text, raw=text if line.tag == "?" else line.tag + text)
