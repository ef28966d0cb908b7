"""Markdown around edits: which lines are a fence, and which text is between fences."""

from __future__ import annotations

import re
from collections.abc import Sequence

_INFO = re.compile(
    r"[\w+#.:/ -]{0,80}|[\w+#.-]{0,30}[ \t]*\{?[ \t]*\w{1,20}[ \t]?[=:][ \t]?([\"'])[\w+#.:/ @-]{1,200}\1[ \t]*\}?"
)
"""A language, a path, or a path as the value of a name: ``title="x.py"``."""

MAX_UNCLOSED = 50
"""Indented fences without an end, after which no more are looked for."""


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


def outdented(text: str) -> str:
    """The text with fenced blocks that are indented as a whole, as in a list, moved to the margin."""
    lines = text.split("\n")
    at = unclosed = 0
    while at < len(lines) and unclosed < MAX_UNCLOSED:
        depth = len(lines[at]) - len(lines[at].lstrip(" "))
        fence = opener(lines[at][depth:]) if depth else None
        if fence is not None:
            end = next((n for n in range(at + 1, len(lines)) if closes(lines[n][depth:], fence)), None)
            if end is not None and all(not line[:depth].strip(" ") for line in lines[at : end + 1]):
                lines[at : end + 1] = [line[depth:] for line in lines[at : end + 1]]
                at = end
            else:
                unclosed += 1
        at += 1
    return "\n".join(lines)


def fence_above(lines: Sequence[str], at: int) -> int | None:
    """The line that opens the fence which this line closes."""
    text = lines[at].rstrip()
    if text[:3] not in ("```", "~~~") or text.strip(text[0]):
        return None
    for number in range(at - 1, -1, -1):
        if opener(lines[number]) is not None:
            return number
    return None
