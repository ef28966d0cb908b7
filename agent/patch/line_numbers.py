"""Edits whose lines begin with the numbers that a tool or a listing showed before them.

They are taken off only where the lines are not in the file as sent, and where all that the edit shows of the file have
one, in order; the new lines then have one as well, all or none of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise

from agent.patch.as_sent import MAX_LINES, NUMBERED
from agent.patch.byte_order_mark import MARK
from agent.patch.file_kinds import ending, kind_of
from agent.patch.index import Index
from agent.patch.model import Line, PatchHunk
from agent.patterns import linear

_TIGHT = linear(r"[ \t]*(\d{1,7})\|(.*)")
TABLES = (".csv", ".tsv")
"""Files that may begin each line with a number of their own."""
DATA = (".yml", ".yaml")
"""In which a number and a colon are a key."""


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


class Numbered(Exception):
    """The text has its lines' numbers in it, and nothing shows that they belong to the file."""

    reason = "its lines begin with their own line numbers, which may not belong to the file"


def of_whole(old: Sequence[str], new: Sequence[str], path: str) -> list[str] | None:
    """``new``, all of a file, without the numbers that its lines have; None where it has none of its own. ``old`` are the
    lines before, which show whether they are the file's. Raises ``Numbered`` where nothing shows it."""
    filled = list(new[:-1] if new and not new[-1] else new)
    found = _with_numbers(filled[:MAX_LINES])
    least = 2 if kind_of(path) == "code" and ending(path) not in DATA else 3
    if len(found) < max(len(filled), least) or [number for number, _ in found] != list(range(1, len(found) + 1)):
        return None
    known = frozenset(line for line in old if line.strip())
    if not known and ending(path) in TABLES:
        return None
    if known and 2 * _how_many(known) >= len(known):
        return None
    bare = [text for _, text in found]
    if 2 * sum(line in known for line in bare if line.strip()) < sum(bool(line.strip()) for line in bare):
        raise Numbered
    return bare


def check_fresh(old: Sequence[str], new: Sequence[str]) -> None:
    """Raises ``Numbered`` where all lines that are new begin with the number of the place at which they stand."""
    known = frozenset(old)
    fresh = [(at, line) for at, line in enumerate(new, 1) if line not in known and line.strip()]
    found = _with_numbers([line for _, line in fresh[:MAX_LINES]])
    is_theirs = bool(fresh) and [number for number, _ in found] == [at for at, _ in fresh]
    if is_theirs and 2 * _how_many(old) < sum(bool(line.strip()) for line in old):
        raise Numbered


def _with_numbers(lines: Sequence[str]) -> list[tuple[int, str]]:
    """The number and the rest of each line; none where one has no number."""
    for pattern, rest in ((_TIGHT, 2), (NUMBERED, 3)):
        found: list[tuple[int, str]] = []
        for line in lines:
            hit = pattern.fullmatch(line)
            if hit is None:
                break
            found.append((int(hit[1]), hit[rest]))
        is_tight = any(text and text[0] != " " for _, text in found)
        if len(found) == len(lines) and (is_tight or pattern is NUMBERED):
            return found
    return []


def _how_many(lines: Collection[str]) -> int:
    return sum(NUMBERED.fullmatch(line) is not None or _TIGHT.fullmatch(line) is not None for line in lines)
