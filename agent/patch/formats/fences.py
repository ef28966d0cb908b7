"""Markdown around edits: which lines are a fence, and which text is between fences."""

from __future__ import annotations

import re
from collections.abc import Sequence

_FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*([\w+#.:/ -]{0,80})[ \t]*")


def opener(line: str) -> str | None:
    """The characters of the fence that ``line`` opens or closes, at its start; None where it is no fence."""
    hit = _FENCE.fullmatch(line.rstrip("\r"))
    return hit[1] if hit else None


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
    at = 0
    while at < len(lines):
        depth = len(lines[at]) - len(lines[at].lstrip(" "))
        fence = opener(lines[at][depth:]) if depth else None
        if fence is not None:
            end = next((n for n in range(at + 1, len(lines)) if closes(lines[n][depth:], fence)), None)
            if end is not None and all(not line[:depth].strip(" ") for line in lines[at : end + 1]):
                lines[at : end + 1] = [line[depth:] for line in lines[at : end + 1]]
                at = end
        at += 1
    return "\n".join(lines)
