"""What models put around the text of an edit that is not in the file: line numbers of a tool, a fence, line ends in letters.

It is taken off only where the text does not occur in the file as it was sent, and does without.
"""

from __future__ import annotations

from itertools import pairwise

from agent.patch.formats.fences import closes, opener
from agent.patterns import linear

NUMBERED = linear(r"[ \t]*(\d{1,7})(\| |\|$|: |:$| \| | \|$|\t|→)(.*)")
"""A line with a number as tools show it: the number, what divides, the line."""
MAX_LINES = 20_000


def without_surroundings(old: str, new: str, text: str) -> tuple[str, str]:
    """``old`` and ``new`` without what does not belong to the file, where ``old`` then occurs once in ``text``."""
    if old.replace("\r\n", "\n") in text.replace("\r\n", "\n"):
        return old, new
    for way in (without_numbers, without_fence, with_line_ends):
        bare = way(old)
        if bare is not None and bare.strip() and text.replace("\r\n", "\n").count(bare) == 1:
            other = way(new)
            return bare, new if other is None else other
    return old, new


def without_numbers(text: str) -> str | None:
    """Without the line numbers that all of its lines begin with, one after the other; None where they don't."""
    lines = text.replace("\r\n", "\n").split("\n")
    last = lines.pop() if lines[-1] == "" else None
    if not lines or len(lines) > MAX_LINES:
        return None
    hits = [NUMBERED.fullmatch(line) for line in lines]
    found = [hit for hit in hits if hit is not None]
    numbers = [int(hit[1]) for hit in found]
    if len(found) < len(lines) or any(after != before + 1 for before, after in pairwise(numbers)):
        return None
    return "\n".join([hit[3] for hit in found] + ([] if last is None else [last]))


def without_fence(text: str) -> str | None:
    """What stands within a fence of Markdown that is around all of it."""
    lines = text.replace("\r\n", "\n").strip("\n").split("\n")
    fence = opener(lines[0])
    if fence is None or len(lines) < 3 or not closes(lines[-1], fence):
        return None
    return "\n".join(lines[1:-1]) + "\n"


def with_line_ends(text: str) -> str | None:
    """With line ends where it has a backslash and a letter for them, and no line end at all."""
    if "\n" in text or "\\n" not in text:
        return None
    return text.replace("\\r\\n", "\n").replace("\\n", "\n").replace("\\t", "\t")
