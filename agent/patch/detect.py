"""Which format an answer is written in: the first line that only one of them has."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.patch.formats import search_replace, unified
from agent.patch.formats.fences import opener
from agent.patch.model import Format

_MANIFEST = re.compile(r"(?:#{1,6}[ \t]+)?(?:\*\*|__)?FILE:[ \t]*\S.*")
_ENVELOPE = re.compile(r"\*\*\* (?:Begin Patch|(?:Add|Update|Delete) File: .+)")


def detect(text: str) -> Format | None:
    """The format of ``text``, or None where it holds no edits."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    for at, line in enumerate(lines):
        if _ENVELOPE.fullmatch(line.rstrip()):
            return "envelope"
        if search_replace.OPEN.fullmatch(line.rstrip()):
            return "search_replace"
        if unified.starts_here(lines, at) or (
            line.startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("@@")
        ):
            return "unified"
        if _MANIFEST.fullmatch(line):
            return _below(lines, at)
    return None


def _below(lines: Sequence[str], at: int) -> Format:
    """What follows a ``FILE:`` line: the file itself, or edits of it that only borrow the line to name it."""
    below = [n for n in range(at + 1, min(at + 8, len(lines))) if lines[n].strip() and opener(lines[n]) is None][:1]
    for n in below:
        if search_replace.OPEN.fullmatch(lines[n].rstrip()):
            return "search_replace"
        if unified.starts_here(lines, n) and not lines[at].rstrip("`* ").endswith((".diff", ".patch")):
            return "unified"
    return "manifest"
