"""Which format an answer is written in: the first line that only one of them has."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.patch.bounds import check_edits, check_text
from agent.patch.formats import envelope, manifest, search_replace, unified
from agent.patch.formats.fences import opener, outdented
from agent.patch.model import EditsInvalid, FileEdit, Format

_MANIFEST = re.compile(r"(?:#{1,6}[ \t]+)?(?:\*\*|__)?FILE:[ \t]*\S.*")
_ENVELOPE = re.compile(r"\*\*\* (?:Begin Patch|(?:Add|Update|Delete) File: .+)")

READERS = {
    "manifest": manifest.read, "unified": unified.read, "search_replace": search_replace.read, "envelope": envelope.read
}  # fmt: skip


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


def read_edits(text: str, *, strict: bool = False) -> tuple[Format, list[FileEdit]]:
    """The edits in ``text`` and their format. Raises ``EditsInvalid``."""
    check_text(text)
    form = detect(text)
    if form is None:
        text = outdented(text)
        form = detect(text)
    if form is None:
        raise EditsInvalid(
            "The answer holds no edits: no line `FILE: path`, no diff, no SEARCH/REPLACE block, no patch envelope.",
            hint="Answer with `FILE: path` alone on a line, then the whole file, for every file.",
        )
    edits = READERS[form](text, strict=strict)
    if form == "manifest":
        _refuse_blocks(edits)
    check_edits(edits)
    return form, edits


def _refuse_blocks(edits: Sequence[FileEdit]) -> None:
    """A block or a hunk that would become a file's content is an edit in the wrong format."""
    for edit in edits:
        lines = [line for line in edit.content.split("\n", 40)[:40] if line.strip()]
        is_diff = bool(lines) and unified.starts_here(lines, 0) and not edit.names[0].endswith((".diff", ".patch"))
        if is_diff or any(search_replace.OPEN.fullmatch(line.rstrip()) for line in lines[:1]):
            raise EditsInvalid(
                f"What follows FILE: {edit.names[0]} is a change of the file, not the file.", line=edit.line,
                hint="Send whole files, or all changes in one other format.",
            )  # fmt: skip


def _below(lines: Sequence[str], at: int) -> Format:
    """What follows a ``FILE:`` line: the file itself, or edits of it that only borrow the line to name it."""
    below = [n for n in range(at + 1, min(at + 8, len(lines))) if lines[n].strip() and opener(lines[n]) is None][:1]
    for n in below:
        if search_replace.OPEN.fullmatch(lines[n].rstrip()):
            return "search_replace"
        if unified.starts_here(lines, n) and not lines[at].rstrip("`* ").endswith((".diff", ".patch")):
            return "unified"
    return "manifest"
