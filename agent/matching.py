"""What two lists of lines have in common, in bounded time: ``SequenceMatcher`` while it is cheap, else only their ends.

``difflib`` is cubic for lines that repeat. Here its work is counted, and given up where it is more than a share of the lines
explain; the result then is one replacement between the common head and tail, which is as right and only longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import Match, SequenceMatcher
from itertools import accumulate

PER_LINE, AT_LEAST = 40, 100_000
"""Pairs of lines that may be looked at: for each line, and in any case. A million take about half a second."""

Opcode = tuple[str, int, int, int, int]
"""As of ``SequenceMatcher.get_opcodes``."""


def opcodes(old: Sequence[str | bytes], new: Sequence[str | bytes], *, autojunk: bool = False) -> list[Opcode]:
    """How ``old`` becomes ``new``. It depends on nothing but the two lists."""
    try:
        return list(_Counted(old, new, autojunk=autojunk).get_opcodes())
    except _TooMuchWork:
        return from_ends(old, new)


def ends(old: Sequence[str | bytes], new: Sequence[str | bytes]) -> tuple[int, int]:
    """How many lines at the start, and how many other ones at the end, are the same."""
    size = min(len(old), len(new))
    head = 0
    while head < size and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < size - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return head, tail


def from_ends(old: Sequence[str | bytes], new: Sequence[str | bytes]) -> list[Opcode]:
    """The opcodes of one replacement between what is the same at the ends. Linear."""
    head, tail = ends(old, new)
    old_end, new_end = len(old) - tail, len(new) - tail
    kind = "insert" if head == old_end else "delete" if head == new_end else "replace"
    found = [
        ("equal", 0, head, 0, head),
        (kind, head, old_end, head, new_end),
        ("equal", old_end, len(old), new_end, len(new)),
    ]
    return [code for code in found if code[1] < code[2] or code[3] < code[4]]


class _TooMuchWork(Exception):
    """The lines repeat too much to be matched."""


class _Counted(SequenceMatcher):  # type: ignore[type-arg]
    """Counts the pairs of lines that each search looks at, which is known beforehand."""

    def __init__(self, old: Sequence[str | bytes], new: Sequence[str | bytes], *, autojunk: bool) -> None:
        super().__init__(None, old, new, autojunk=autojunk)
        places = self.b2j  # type: ignore[attr-defined]
        self._pairs = [0, *accumulate(len(places.get(line, ())) + 1 for line in old)]
        self._left = AT_LEAST + PER_LINE * (len(old) + len(new))

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        end = len(self.a) if ahi is None else ahi  # type: ignore[attr-defined]
        self._left -= self._pairs[end] - self._pairs[alo]
        if self._left < 0:
            raise _TooMuchWork
        return super().find_longest_match(alo, ahi, blo, bhi)
