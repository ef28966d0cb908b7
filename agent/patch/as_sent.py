"""What models put around the text of an edit that is not in the file: line numbers of a tool, a fence, line ends in letters.

It is taken off only where the text does not occur in the file as it was sent, and does without.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from agent.patch.formats.fences import closes, opener
from agent.patterns import linear

NUMBERED = linear(r"[ \t]*(\d{1,7})(\| |\|$|: |:$| \| | \|$|\t|→)(.*)")
"""A line with a number as tools show it: the number, what divides, the line."""
_TIGHT = (linear(r"[ \t]*(\d{1,7})(\|)(.*)"), linear(r"[ \t]*(\d{1,7})(:)(.*)"))
"""The same, with the line right behind what divides (``grep -n``)."""
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
    found = numbered(lines)
    if found is None or any(after[0] != before[0] + 1 for before, after in pairwise(found)):
        return None
    return "\n".join([line for _, line in found] + ([] if last is None else [last]))


def numbered(lines: Sequence[str]) -> list[tuple[int, str]] | None:
    """The number and the rest of each line, all in one form; None where a line has no number, or where there is no line."""
    for pattern in (*_TIGHT, NUMBERED):
        found: list[tuple[int, str]] = []
        for line in lines:
            hit = pattern.fullmatch(line)
            if hit is None:
                break
            found.append((int(hit[1]), hit[3]))
        is_tight = any(text and text[0] != " " for _, text in found)
        if found and len(found) == len(lines) and (is_tight or pattern is NUMBERED):
            return found
    return None


def is_numbered(line: str) -> bool:
    """True for a line that begins with a number in one of the forms."""
    return any(pattern.fullmatch(line) is not None for pattern in (*_TIGHT, NUMBERED))


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
