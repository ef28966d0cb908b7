"""A context line that is really an added one whose plus is gone: dropped, or written as a space.

Dropped, what stands there is the whole line; as a space, the line is what follows. How deep the lines around it are tells
which: files are indented in steps, and one of the two is off by a space.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import reduce
from math import gcd

from agent.patch.model import Line

MAX_LOOKED_AT = 2_000
"""Lines of the file from which its step is told."""

MAX_KINDS = 40
"""Indentations of a file that are told apart."""

MUCH_MORE = 4
"""Times as many lines of one depth as of the other decide between them."""


class Depths:
    """How deep the lines of a file (``counted``) and of one hunk are indented."""

    def __init__(self, file: Counter[str], hunk: Sequence[Line]) -> None:
        self._near = {_indent(line.text) for line in hunk if line.tag in "+-" and line.text.strip()}
        self._file = file
        widths = [len(indent) for indent in (*self._near, *file) if indent and not indent.strip(" ")]
        self._step = reduce(gcd, widths, 0)

    def texts(self, line: Line) -> list[str]:
        """What the added line may be: one text, or both where either is as likely."""
        whole, rest = line.raw, line.text
        if not whole.startswith(" ") or not rest.strip():
            return [whole]
        both = [rest, whole]
        near = [text for text in both if _indent(text) in self._near]
        if len(near) == 1:
            return near
        counts = [self._file[_indent(text)] for text in both]
        for text, count, other in zip(both, counts, reversed(counts), strict=True):
            if count > MUCH_MORE * other:
                return [text]
        return [text for text in both if self._is_step(text)] or both

    def _is_step(self, text: str) -> bool:
        indent = _indent(text)
        return self._step > 1 and not indent.strip(" ") and len(indent) % self._step == 0


def counted(file: Sequence[str]) -> Counter[str]:
    """How many lines of the file have each indentation; the rarest of many are left out."""
    return Counter(dict(Counter(_indent(line) for line in file[:MAX_LOOKED_AT] if line.strip()).most_common(MAX_KINDS)))


def _indent(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" \t"))]
