"""The byte order mark in an edit: models copy it from the file's first line, and git's diffs show it there.

A document holds its mark apart from its lines, so that a hunk loses it too; whether the edit puts one there or takes it away is
told by the two sides of its first line.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import replace

from agent.patch.document import Document
from agent.patch.model import Line, PatchHunk
from agent.patch.placement import Placement, Refusal

MARK = "\ufeff"


def without(hunks: Sequence[PatchHunk]) -> list[PatchHunk]:
    """The hunks that may be a file's first without the mark in their first line, on either side."""
    return [_without(hunk) for hunk in hunks]


def settle(hunks: Sequence[PatchHunk], document: Document, found: Sequence[Placement | Refusal]) -> None:
    """Gives the ``document`` the mark, or takes it away, where one of ``hunks`` (with marks) does so at its place."""
    for hunk, place in zip(hunks, found, strict=True):
        if isinstance(place, Placement) and place.start == 0 and document.encoding == "utf-8" and _may_be_first(hunk):
            old, new = _marked(hunk, "+"), _marked(hunk, "-")
            if old != new:
                document.mark = codecs.BOM_UTF8 if new else b""


def _may_be_first(hunk: PatchHunk) -> bool:
    return hunk.old_start in (None, 0, 1)


def _marked(hunk: PatchHunk, other: str) -> bool:
    """True where the first line of a side has the mark; ``other`` is the tag of lines that it does not have."""
    ways = hunk.alternatives or (hunk,)
    return any(next((line.text for line in way.lines if line.tag != other), "").startswith(MARK) for way in ways)


def _without(hunk: PatchHunk) -> PatchHunk:
    if hunk.alternatives:
        return replace(hunk, alternatives=without(hunk.alternatives))
    if not _may_be_first(hunk) or not any(line.text.startswith(MARK) for line in hunk.lines):
        return hunk
    firsts = {id(next((line for line in hunk.lines if line.tag != other), None)) for other in "+-"}
    return replace(hunk, lines=[_bare(line) if id(line) in firsts else line for line in hunk.lines])


def _bare(line: Line) -> Line:
    return replace(line, text=line.text.lstrip(MARK), raw=line.raw.replace(MARK, "", 1)) if MARK in line.text[:1] else line
