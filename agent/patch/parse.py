"""Parses a model's answer into ``Edits``, once: guardrails, engine, parts and baseline files share the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.patch.bounds import check_edits, check_text
from agent.patch.detect import detect
from agent.patch.formats import envelope, manifest, search_replace, unified
from agent.patch.formats.fences import outdented
from agent.patch.model import EditsInvalid, FileEdit, Format
from agent.patch.paths import folded

PARSERS = {
    "manifest": manifest.read, "unified": unified.read, "search_replace": search_replace.read, "envelope": envelope.read
}  # fmt: skip


@dataclass(frozen=True)
class Edits:
    """The parsed answer. ``text`` is what was parsed, for the journal and the next prompt.

    ``format`` is None where the text holds no edits. ``error`` says why it could not be parsed; then ``files`` is empty.
    ``cut_off`` is True where the model stopped at its length limit.
    """

    text: str
    format: Format | None
    files: tuple[FileEdit, ...] = ()
    error: EditsInvalid | None = None
    cut_off: bool = False

    def touched(self) -> set[str]:
        """The names of all files that it changes, in a form that compares names as file systems do."""
        return {folded(name) for edit in self.files for name in (*edit.names, *edit.source_names)}


def parse_edits(text: str, *, form: Format | None = None, strict: bool = False, cut_off: bool = False) -> Edits:
    """The edits in ``text``. ``form`` is its format where that is known already; ``strict`` allows no prose around the edits.

    Raises nothing: a text that can't be parsed has its reason in ``error``.
    """
    files: Sequence[FileEdit] = ()
    error = None
    try:
        check_text(text)
        form = form or detect(text)
        body = text
        if form is None:
            body = outdented(text)
            form = detect(body)
        if form is None:
            raise EditsInvalid(
                "The answer contains no edits: no line `FILE: path`, no diff, no SEARCH/REPLACE block, no patch envelope.",
                hint="Answer with `FILE: path` alone on a line, then the whole file, for every file.",
            )
        found = PARSERS[form](body, strict=strict)
        if form == "manifest":
            _refuse_blocks(found)
        check_edits(found)
        files = found
    except EditsInvalid as invalid:
        error = invalid
    return Edits(text, form, tuple(files), error, cut_off)


def _refuse_blocks(edits: Sequence[FileEdit]) -> None:
    """A block or a hunk that would become a file's content is an edit in the wrong format."""
    for edit in edits:
        lines = [line for line in edit.content.split("\n", 40)[:40] if line.strip()]
        is_diff = bool(lines) and unified.starts_here(lines, 0) and not edit.names[0].endswith((".diff", ".patch"))
        if is_diff or any(search_replace.OPEN.fullmatch(line.rstrip()) for line in lines[:1]):
            raise EditsInvalid(
                f"What follows FILE: {edit.names[0]} is a change to the file, not the whole file.", line=edit.line,
                hint="Send whole files, or all changes in one other format.",
            )  # fmt: skip
