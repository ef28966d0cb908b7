"""The byte order mark in edits: git and prompts write it before the first line; ``Document`` keeps it apart.

Only the first line of a file can bear one, and in an edit of that line it is read as git reads it: where both sides have the
mark it stays, where only the old one has it the file loses it, where only the new one has it the file gets it, once.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import replace

from agent.patch.document import Document
from agent.patch.model import Line, PatchHunk

MARK = "\ufeff"


def without_marks(document: Document, hunks: Sequence[PatchHunk]) -> tuple[list[PatchHunk], frozenset[int]]:
    """``hunks`` as ``document`` has its first line, and the numbers of those that take the document's mark away."""
    if not document.lines or any(map(_begins_with_mark, document.lines)):
        return list(hunks), frozenset()
    hunks = [_only_first(hunk) for hunk in hunks]
    bare = [_bare(document, hunk) for hunk in hunks]
    taking = (number for number, hunk in enumerate(hunks) if bare[number] is not hunk and _takes_it(document, hunk))
    return bare, frozenset(taking)


def _only_first(hunk: PatchHunk) -> PatchHunk:
    """The hunk without marks before added lines, but for the one that may be the first of the file."""
    first = _first(hunk, "-")
    lines = [
        _unmarked(line) if line.tag == "+" and _is_marked(line) and (line is not first or hunk.lines[0].tag == " ") else line
        for line in hunk.lines
    ]
    others = tuple(_only_first(other) for other in hunk.alternatives)
    same = all(one is other for one, other in zip(lines, hunk.lines, strict=True)) and not others
    return hunk if same else replace(hunk, lines=lines, alternatives=others)


def _bare(document: Document, hunk: PatchHunk) -> PatchHunk:
    """The hunk without marks before its sides; itself where it has none, or where it gives the file one."""
    if hunk.alternatives:
        others = [_bare(document, other) for other in hunk.alternatives]
        same = all(other is before for other, before in zip(others, hunk.alternatives, strict=True))
        return hunk if same else replace(hunk, alternatives=others)
    heads = [line for line in (_first(hunk, "+"), _first(hunk, "-")) if line is not None]
    if not any(_is_marked(line) for line in heads):
        return hunk
    old_is_marked = heads[0].tag != "+" and _is_marked(heads[0])
    if not document.mark and not old_is_marked and _is_first(document, heads[0]):
        return hunk  # the file gets a mark
    changed = {id(line) for line in heads}
    return replace(hunk, lines=[_unmarked(line) if id(line) in changed else line for line in hunk.lines])


def _first(hunk: PatchHunk, other: str) -> Line | None:
    """The first line of the side that ``other`` does not belong to."""
    return next((line for line in hunk.lines if line.tag != other), None)


def _is_first(document: Document, line: Line) -> bool:
    return _unmarked(line).text.strip() == document.lines[0].strip()


def _is_marked(line: Line) -> bool:
    return _begins_with_mark(line.text)


def _begins_with_mark(text: str) -> bool:
    """True where only indentation is before the mark, which a hunk may have that is deeper than the file."""
    return MARK in text and text.lstrip(" \t").startswith(MARK)


def _unmarked(line: Line) -> Line:
    return replace(line, text=line.text.replace(MARK, "", 1), raw=line.raw.replace(MARK, "", 1)) if _is_marked(line) else line


def _takes_it(document: Document, hunk: PatchHunk) -> bool:
    """True when the hunk removes the first line with its mark, and what it leaves there begins without one."""
    old, new = _first(hunk, "+"), _first(hunk, "-")
    if document.mark != codecs.BOM_UTF8 or old is None or old.tag != "-" or not _is_marked(old):
        return False
    return _is_first(document, old) and (new is None or not _is_marked(new))
