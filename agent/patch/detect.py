"""Which format an answer is written in: the first line that only one of them has."""

from __future__ import annotations

from collections.abc import Sequence

from agent.patch.formats import foreign, starts
from agent.patch.model import Format


def detect(text: str) -> Format | None:
    """The format of the first edit in ``text``, indented or not, or None where it holds no edits."""
    lines = [line.removesuffix("\r") for line in text.lstrip("\ufeff").split("\n")]
    for at, line in enumerate(lines):
        bare = line.strip(" ")
        if line.startswith("***") and starts.ENVELOPE.fullmatch(line.rstrip()):
            return "envelope"
        if starts.OPEN.fullmatch(bare.rstrip()):
            return "search_replace"
        if starts.of_diff(lines, at) or starts.of_old_name(lines, at):
            return "unified"
        if starts.MANIFEST.fullmatch(line):
            return _below(lines, at)
        if bare != line and _is_indented_edit(lines, at):
            return "envelope" if bare.startswith("***") else "unified"
    return None


def _is_indented_edit(lines: Sequence[str], at: int) -> bool:
    near = [line.lstrip(" ") for line in lines[at : at + 2]]
    return near[0][:1] in ("-", "+", "@", "*", "d") and starts.of_edit(near, 0)


def _below(lines: Sequence[str], at: int) -> Format:
    """What follows a ``FILE:`` line: the file itself, or edits of it that only borrow the line to name it."""
    path = lines[at].rstrip("`* ")
    following = starts.next_filled(lines, at + 1)
    if following is None or not foreign.follows(lines, at, path):
        return "manifest"
    line = lines[following].strip()
    return "search_replace" if starts.OPEN.fullmatch(line) else "envelope" if line.startswith("***") else "unified"
