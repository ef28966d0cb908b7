"""The ``*** Begin Patch`` envelope of Codex's apply_patch tool.

https://github.com/openai/codex, codex-rs/apply-patch/apply_patch_tool_instructions.md
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from agent.patch.file_kinds import kind_of
from agent.patch.formats import body, remarks, starts
from agent.patch.formats.answer_lines import AnswerLines
from agent.patch.formats.paths import cleaned
from agent.patch.model import EditsInvalid, FileEdit, PatchHunk

BEGIN, END = "*** Begin Patch", "*** End Patch"
_FILE = re.compile(r"\*\*\* ?(Add|Update|Delete) File: ?(.+)", re.IGNORECASE)
_MOVE = re.compile(r"\*\*\* ?Move to: ?(.+)", re.IGNORECASE)
_BEGIN = re.compile(r"\*\*\* ?Begin Patch", re.IGNORECASE)
_END = re.compile(r"\*\*\* ?End Patch", re.IGNORECASE)
_NUMBERS = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(.*)")
_EOF = "*** End of File"
MAX_ANCHORS = 16
"""Innermost ones; nothing is nested deeper."""


class EnvelopeReader:
    """Reads the envelopes among the lines of an answer."""

    def __init__(self, answer: AnswerLines) -> None:
        self._answer = answer
        self._edits: dict[tuple[str, object], list[FileEdit]] = {}
        self._open_at = -1

    @property
    def is_open(self) -> bool:
        """True below a begin that has no end yet."""
        return self._open_at >= 0

    def starts(self, at: int) -> bool:
        """True for a line that begins or ends an envelope or one of its files."""
        line = self._answer.plain[at]
        return line.startswith("***") and starts.ENVELOPE.fullmatch(line.rstrip()) is not None

    def step(self, at: int) -> int:
        """Reads what begins at this line; returns the index after it. Raises ``EditsInvalid``."""
        line = self._answer.plain[at].rstrip()
        hit = _FILE.fullmatch(line)
        if hit is None:
            self._open_at = at if _BEGIN.fullmatch(line) else -1
            return self._answer.take(at, at + 1)
        edit, stop = _file(self._answer, at, hit[1].capitalize(), cleaned(hit[2]))
        _keep(self._edits, edit)
        return stop

    def edits(self) -> list[FileEdit]:
        """One edit for each file. Raises ``EditsInvalid``."""
        if self.is_open:
            raise EditsInvalid(
                f"The envelope has no `{END}`: the answer looks cut off.", line=self._open_at + 1,
                hint="Send the whole envelope again.",
            )  # fmt: skip
        return [_joined(parts) for parts in self._edits.values()]


def _keep(edits: dict[tuple[str, object], list[FileEdit]], edit: FileEdit) -> None:
    plain = edit.operation == "modify" and not edit.source_names
    key = (edit.names[0], "modify" if plain else len(edits))
    edits.setdefault(key, []).append(edit)


def _joined(parts: Sequence[FileEdit]) -> FileEdit:
    """What one file's headers hold together."""
    return replace(parts[0], hunks=tuple(hunk for part in parts for hunk in part.hunks)) if len(parts) > 1 else parts[0]


def _file(answer: AnswerLines, at: int, verb: str, path: str) -> tuple[FileEdit, int]:
    lines, start = answer.plain, at
    at = answer.take(at, at + 1)
    if verb == "Delete":
        return FileEdit((path,), "delete", line=start + 1), at
    if verb == "Add":
        end = at
        while end < len(lines) and not _ends_file(lines, end):
            end += 1
        rows, said = _without_remarks(lines[at:end], path)
        edit = FileEdit((path,), "create", content=_content(rows, start), line=start + 1, remarks=said)
        answer.take(at, at + len(rows))
        return edit, end
    move = _MOVE.fullmatch(lines[at].rstrip()) if at < len(lines) else None
    hunks, at = _hunks(answer, answer.take(at, at + (move is not None)), path)
    edit = FileEdit((path,), "modify", tuple(hunks), line=start + 1)
    if move is not None:
        return replace(edit, names=(cleaned(move[1]),), source_names=(path,)), at
    if not hunks:
        raise EditsInvalid(f"The update of {path} contains no change.", line=start + 1, hint="Send its changed lines.")
    return edit, at


def _without_remarks(rows: Sequence[str], path: str) -> tuple[Sequence[str], Sequence[str]]:
    """A new file's lines without what is said below the last ``+``, and what of them may be said."""
    last = max((at for at, row in enumerate(rows, 1) if row.startswith("+")), default=len(rows))
    told = remarks.of_file(["+", "", *rows[last:]], "x.py" if kind_of(path) == "text" else path)
    behind = [row for row in rows[last:] if row.strip()]
    if behind and kind_of(path) == "text":
        return rows, tuple(behind)
    return rows[: last + max(told.stop - 2, 0)], told.doubts


def _content(lines: Sequence[str], start: int) -> str:
    """A new file's text: its lines begin with ``+``; where only some do, the others lost theirs."""
    rows = list(lines)
    while rows and not rows[-1].strip():
        rows.pop()
    if rows and not any(row.startswith("+") for row in rows):
        raise EditsInvalid(f"The file at line {start + 1} has no `+` lines.", line=start + 1, hint="Start each line with `+`.")
    return "".join((row[1:] if row.startswith("+") else row) + "\n" for row in rows)


def _hunks(answer: AnswerLines, at: int, path: str) -> tuple[list[PatchHunk], int]:
    lines = answer.plain
    hunks: list[PatchHunk] = []
    anchors: list[str] = []
    stated = PatchHunk(())
    while at < len(lines) and not _ends_file(lines, at):
        line = lines[at].rstrip()
        if _is_of_diff(lines, at):
            if hunks or not all(cleaned(name[4:]).endswith(path) for name in lines[at : at + 2]):
                break
            at = answer.take(at, at + 2)  # the names of the same file once more
        elif line.startswith("@@"):
            hit = _NUMBERS.fullmatch(line)
            if hit:
                start, count, new_start, new_count = (None if part is None else int(part) for part in hit.groups()[:4])
                stated = PatchHunk((), start, 1 if count is None else count, new_start, 1 if new_count is None else new_count)
                anchors = [hit[5].strip()] if hit[5].strip() else []
            elif line.strip("@ .…"):
                anchors.append(line.strip("@ "))
            at = answer.take(at, at + 1)
        elif line == _EOF:
            at = answer.take(at, at + 1)
        else:
            found = body.read(lines, at, _ends_hunk, (stated.old_count, stated.new_count))
            at_end = found.end < len(lines) and lines[found.end].rstrip() == _EOF
            if found.lines:
                above = tuple(anchors[-MAX_ANCHORS:])
                hunk = replace(stated, lines=tuple(found.lines), anchors=above, at_end=at_end, line=at + 1, below=found.below)
                hunks.append(hunk)
                anchors, stated = [], PatchHunk(())
            answer.take(at, found.stop)
            at = max(found.end, at + 1)
    return hunks, at


def _ends_file(lines: Sequence[str], at: int) -> bool:
    line = lines[at].rstrip()
    if line.startswith("***"):
        return starts.ENVELOPE.fullmatch(line) is not None
    return line[:1] not in ("", " ", "+", "-") and (
        starts.MANIFEST.fullmatch(line) is not None or starts.OPEN.fullmatch(line) is not None or line.startswith("diff --git ")
    )


def _ends_hunk(lines: Sequence[str], at: int) -> bool:
    return lines[at].startswith("@@") or lines[at].rstrip() == _EOF or _ends_file(lines, at) or _is_of_diff(lines, at)


def _is_of_diff(lines: Sequence[str], at: int) -> bool:
    """True for the names of a diff, which no envelope holds."""
    return (
        lines[at].startswith("--- ") and starts.of_names(lines, at) and at + 2 < len(lines) and lines[at + 2].startswith("@@")
    )
