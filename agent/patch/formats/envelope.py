"""The ``*** Begin Patch`` envelope of Codex's apply_patch tool.

https://github.com/openai/codex, codex-rs/apply-patch/apply_patch_tool_instructions.md
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from agent.patch.formats import body
from agent.patch.formats.paths import cleaned
from agent.patch.model import EditsInvalid, FileEdit, PatchHunk

BEGIN, END = "*** Begin Patch", "*** End Patch"
_FILE = re.compile(r"\*\*\* (Add|Update|Delete) File: (.+)")
_MOVE = re.compile(r"\*\*\* Move to: (.+)")
_NUMBERS = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(.*)")
_EOF = "*** End of File"
MAX_ANCHORS = 16
"""Innermost ones; nothing is nested deeper."""


def read(text: str, *, strict: bool = False) -> list[FileEdit]:
    """The edits of every envelope in ``text``. Raises ``EditsInvalid``."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    edits: dict[tuple[str, object], list[FileEdit]] = {}
    at, open_at = 0, -1
    while at < len(lines):
        line = lines[at].rstrip()
        hit = _FILE.fullmatch(line)
        if line == BEGIN:
            open_at = at
        elif line == END:
            open_at = -1
        elif hit is not None:
            edit, at = _file(lines, at, hit[1], cleaned(hit[2]), strict=strict)
            _keep(edits, edit)
            continue
        elif strict and line.strip():
            raise EditsInvalid(f"Line {at + 1} is outside the envelope.", line=at + 1, hint="Send only the envelope.")
        at += 1
    if open_at >= 0:
        raise EditsInvalid(
            f"The envelope has no `{END}`: the answer looks cut off.", line=open_at + 1, hint="Send the whole envelope again."
        )
    if not edits:
        raise EditsInvalid("The envelope contains no file.", hint="Write `*** Update File: path` before a file's changes.")
    return [_joined(parts) for parts in edits.values()]


def _keep(edits: dict[tuple[str, object], list[FileEdit]], edit: FileEdit) -> None:
    plain = edit.operation == "modify" and not edit.source_names
    key = (edit.names[0], "modify" if plain else len(edits))
    edits.setdefault(key, []).append(edit)


def _joined(parts: Sequence[FileEdit]) -> FileEdit:
    """What one file's headers hold together."""
    return replace(parts[0], hunks=tuple(hunk for part in parts for hunk in part.hunks)) if len(parts) > 1 else parts[0]


def _file(lines: Sequence[str], at: int, verb: str, path: str, *, strict: bool) -> tuple[FileEdit, int]:
    start, at = at, at + 1
    if verb == "Delete":
        return FileEdit((path,), "delete", line=start + 1), at
    if verb == "Add":
        end = at
        while end < len(lines) and not _ends_file(lines, end):
            end += 1
        return FileEdit((path,), "create", content=_content(lines[at:end], start), line=start + 1), end
    move = _MOVE.fullmatch(lines[at].rstrip()) if at < len(lines) else None
    hunks, at = _hunks(lines, at + (move is not None))
    edit = FileEdit((path,), "modify", tuple(hunks), line=start + 1)
    if move is not None:
        return replace(edit, names=(cleaned(move[1]),), source_names=(path,)), at
    if not hunks:
        raise EditsInvalid(f"The update of {path} contains no change.", line=start + 1, hint="Send its changed lines.")
    return edit, at


def _content(lines: Sequence[str], start: int) -> str:
    """A new file's text: its lines begin with ``+``; where only some do, the others lost theirs."""
    rows = list(lines)
    while rows and not rows[-1].strip():
        rows.pop()
    if rows and not any(row.startswith("+") for row in rows):
        raise EditsInvalid(f"The file at line {start + 1} has no `+` lines.", line=start + 1, hint="Start each line with `+`.")
    return "".join((row[1:] if row.startswith("+") else row) + "\n" for row in rows)


def _hunks(lines: Sequence[str], at: int) -> tuple[list[PatchHunk], int]:
    hunks: list[PatchHunk] = []
    anchors: list[str] = []
    stated = PatchHunk(())
    while at < len(lines) and not _ends_file(lines, at):
        line = lines[at].rstrip()
        if line.startswith("@@"):
            hit = _NUMBERS.fullmatch(line)
            if hit:
                start, count, new_start, new_count = (None if part is None else int(part) for part in hit.groups()[:4])
                stated = PatchHunk((), start, 1 if count is None else count, new_start, 1 if new_count is None else new_count)
                anchors = [hit[5].strip()] if hit[5].strip() else []
            elif line.strip("@ .…"):
                anchors.append(line.strip("@ "))
            at += 1
            continue
        if line == _EOF:
            at += 1
            continue
        found = body.read(lines, at, _ends_hunk, (stated.old_count, stated.new_count))
        at_end = found.end < len(lines) and lines[found.end].rstrip() == _EOF
        if found.lines:
            above = tuple(anchors[-MAX_ANCHORS:])
            hunks.append(replace(stated, lines=tuple(found.lines), anchors=above, at_end=at_end, line=at + 1))
            anchors, stated = [], PatchHunk(())
        at = max(found.end, at + 1)
    return hunks, at


def _ends_file(lines: Sequence[str], at: int) -> bool:
    line = lines[at].rstrip()
    return line in (END, BEGIN) or _FILE.fullmatch(line) is not None


def _ends_hunk(lines: Sequence[str], at: int) -> bool:
    return lines[at].startswith("@@") or lines[at].rstrip() == _EOF or _ends_file(lines, at)
