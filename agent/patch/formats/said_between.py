"""What is said between a FILE line and the fence of its file, and below a hunk whose lines have no prefix."""

from __future__ import annotations

from collections.abc import Sequence

from agent.patch.file_kinds import PAGES
from agent.patch.formats.fences import opener
from agent.patch.formats.remarks import MAX_HEAD, is_list
from agent.patch.formats.said_lines import NONE, PART, SURE, grade


def below_hunk(lines: Sequence[str], first: int, end: int) -> int:
    """The index of the line from which on ``lines``, up to ``end``, are said below a hunk; ``end`` where none is. All of them
    have no prefix."""
    near = range(first, min(end, first + MAX_HEAD))
    grades = {at: grade(lines[at], "x.js") for at in near if lines[at].strip()}
    sure = next((at for at in near if grades.get(at) == SURE), None)
    if sure is None:
        is_last = end < len(lines) and opener(lines[end]) is not None and PART in grades.values()
        if not grades or not (is_last or is_list(lines[first:end])):
            return end
        sure = max(grades) + 1
    while sure > first and grades.get(sure - 1, PART) != NONE:
        sure -= 1
    return sure


def fence_below(lines: Sequence[str], path: str) -> int | None:
    """The line of the fence that holds the file, where something is said between it and the FILE line."""
    said = 0
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        if opener(line) is not None:
            quotes = len(line) - len(line.lstrip("`~")) > 3 or line.strip("`~ \t").lower() in ("markdown", "md", "mdx")
            is_alone = said > 0 and (not path.lower().endswith(PAGES) or quotes)
            several = not quotes and sum(opener(text) is not None for text in lines[at:]) > 2
            return at if is_alone and not several else None
        if grade(line, "x.js") not in (SURE, PART) or said == MAX_HEAD:
            return None
        said += 1
    return None
