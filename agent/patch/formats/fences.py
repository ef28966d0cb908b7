"""Markdown around edits: which lines are a fence, and which text is between fences."""

from __future__ import annotations

import re
from collections.abc import Sequence

_INFO = re.compile(
    r"[\w+#.:/ -]{0,80}|[\w+#.-]{0,30}[ \t]*\{?[ \t]*\w{1,20}[ \t]?[=:][ \t]?([\"'])[\w+#.:/ @-]{1,200}\1[ \t]*\}?"
)
"""A language, a path, or a path as the value of a name: ``title="x.py"``."""


def opener(line: str) -> str | None:
    """The characters of the fence that ``line`` opens or closes, at its start; None where it is not a fence."""
    char = line[:1]
    if char not in ("`", "~"):
        return None
    text = line.rstrip("\r")
    after = text.lstrip(char)
    fence = text[: len(text) - len(after)]
    return fence if len(fence) >= 3 and _INFO.fullmatch(after.strip(" \t")) else None


def closes(line: str, fence: str) -> bool:
    text = line.rstrip()
    return bool(text) and text.startswith(fence) and not text.strip(fence[0])


def is_open_at_end(lines: Sequence[str]) -> bool:
    """True when the last fence is never closed: the answer was cut off, or its closing fence forgotten."""
    fence = None
    for line in lines:
        if fence is not None:
            if closes(line, fence):
                fence = None
        else:
            fence = opener(line)
    return fence is not None


def fence_above(lines: Sequence[str], at: int) -> int | None:
    """The line that opens the fence which this line closes."""
    text = lines[at].rstrip()
    if text[:3] not in ("```", "~~~") or text.strip(text[0]):
        return None
    for number in range(at - 1, -1, -1):
        if opener(lines[number]) is not None:
            return number
    return None
