"""The lines that name a hunk's surroundings: after ``@@`` in a unified diff or an envelope."""

from __future__ import annotations

from collections.abc import Sequence

MIN_HEADING = 3


def inside(lines: Sequence[str], anchors: Sequence[str], places: Sequence[int]) -> list[int]:
    """Those of ``places`` that stand in the section which ``anchors`` name, outermost first; all of them where the anchors
    name no single line of the file."""
    start, end = 0, len(lines)
    for anchor in anchors:
        heads = _heads(lines, anchor, start, end)
        if len(heads) != 1:
            return list(places)
        start, end = heads[0] + 1, _end(lines, heads[0], end)
    return [place for place in places if start - 1 <= place < end]


def _heads(lines: Sequence[str], anchor: str, start: int, end: int) -> list[int]:
    wanted = anchor.strip()
    if len(wanted) < MIN_HEADING:
        return []
    same = [at for at in range(start, end) if lines[at].strip() == wanted]
    # git cuts a heading after 80 bytes; models leave the end out
    return same or [at for at in range(start, end) if lines[at].strip().startswith(wanted)]


def _end(lines: Sequence[str], head: int, limit: int) -> int:
    """The first line after ``head`` that is indented no deeper, but for closing ones."""
    depth = _depth(lines[head])
    for at in range(head + 1, limit):
        text = lines[at].strip()
        if text and _depth(lines[at]) <= depth and (text[0].isalnum() or text[0] in "@_#<$"):
            return at
    return limit


def _depth(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())
