"""Edits whose lines begin with the numbers that a tool or a listing showed before them.

They are taken off only where the lines are not in the file as sent, and where all that the edit shows of the file have
one, in order; the new lines then have one as well, all or none of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise

from agent.patch.as_sent import MAX_LINES, is_numbered, numbered
from agent.patch.byte_order_mark import MARK
from agent.patch.file_kinds import ending, kind_of
from agent.patch.index import Index
from agent.patch.model import Line, PatchHunk

TABLES = (".csv", ".tsv")
"""Files that may begin each line with a number of their own."""
DATA = (".yml", ".yaml")
"""In which a number and a colon are a key."""


def without_numbers(hunk: PatchHunk, index: Index) -> PatchHunk | None:
    """The hunk without them; None where it has none, or only some of its lines do.

    Where the numbers are those of the file's lines, they are the place; else the hunk does not tell it.
    """
    old = [at for at, line in enumerate(hunk.lines) if line.tag != "+"]
    if not old or len(hunk.lines) > MAX_LINES:
        return None
    new = [at for at, line in enumerate(hunk.lines) if line.tag == "+" and line.text.strip()]
    rest = _bare([hunk.lines[at] for at in (*old, *new)])
    found = _bare([hunk.lines[at] for at in old]) if rest is None else rest[: len(old)]
    if found is None or (rest is None and any(is_numbered(hunk.lines[at].text) for at in new)):
        return None
    numbers = [number for number, _ in found]
    if any(after <= before for before, after in pairwise(numbers)):
        return None
    bare = list(hunk.lines)
    for at, (_, text) in zip((*old, *new), rest or found, strict=False):
        bare[at] = _with_text(bare[at], text.removeprefix(MARK))  # which stood before the first line, and the number before it
    plain = replace(hunk, lines=bare, old_start=None, old_count=None, new_start=None, new_count=None)
    if not all(0 < at <= len(index.lines) and index.lines[at - 1].rstrip() == text.rstrip() for at, text in found):
        return plain
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return plain
    counts = (len(plain.old()), len(plain.new()))
    return replace(plain, old_start=numbers[0], old_count=counts[0], new_start=numbers[0], new_count=counts[1])


def numbers_of_new_lines(hunk: PatchHunk) -> bool:
    """True when all that the hunk adds begins with the number that its header says the line will have."""
    found = _bare([line for line in hunk.lines if line.tag == "+" and line.text])
    return (
        found is not None
        and hunk.new_start is not None
        and [number for number, _ in found] == list(range(hunk.new_start, hunk.new_start + len(found)))
    )


def _bare(lines: Sequence[Line]) -> list[tuple[int, str]] | None:
    return numbered([line.text for line in lines])


def _with_text(line: Line, text: str) -> Line:
    return replace(line, text=text, raw=text if line.tag == "?" else line.tag + text)


class Numbered(Exception):
    """The text has its lines' numbers in it, and nothing shows that they belong to the file."""

    reason = "its lines begin with their own line numbers, which may not belong to the file"


def of_whole(old: Sequence[str], new: Sequence[str], path: str) -> list[str] | None:
    """``new``, all of a file, without the numbers that its lines have; None where it has none of its own. ``old`` are the
    lines before, which show whether they are the file's. Raises ``Numbered`` where nothing shows it."""
    filled = list(new[:-1] if new and not new[-1] else new)
    found = numbered(filled[:MAX_LINES]) or []
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
    found = numbered([line for _, line in fresh[:MAX_LINES]]) or []
    is_theirs = bool(fresh) and [number for number, _ in found] == [at for at, _ in fresh]
    if is_theirs and 2 * _how_many(old) < sum(bool(line.strip()) for line in old):
        raise Numbered


def _how_many(lines: Collection[str]) -> int:
    return sum(map(is_numbered, lines))
