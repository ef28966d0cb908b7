"""Parses a model's answer into ``Edits``, once: guardrails, engine, parts and baseline files share the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.patch.bounds import check_edits, check_text
from agent.patch.detect import detect
from agent.patch.formats import prose, starts
from agent.patch.formats.answer_lines import AnswerLines
from agent.patch.formats.envelope import EnvelopeReader
from agent.patch.formats.foreign import PATCHES
from agent.patch.formats.lists import ListReader
from agent.patch.formats.manifest import ManifestReader, parse_manifest
from agent.patch.formats.search_replace import BlockReader
from agent.patch.formats.unified import DiffReader
from agent.patch.model import EditsInvalid, FileEdit, Format
from agent.patch.paths import folded


@dataclass(frozen=True)
class Edits:
    """The parsed answer. ``text`` is what was parsed, for the journal and the next prompt.

    ``format`` is the first of the answer's formats, None where the text holds no edits. ``error`` says why it could not be
    parsed; then ``files`` is empty. ``cut_off`` is True where the model stopped at its length limit.
    """

    text: str
    format: Format | None
    files: tuple[FileEdit, ...] = ()
    error: EditsInvalid | None = None
    cut_off: bool = False

    def touched(self) -> set[str]:
        """The names of all files that it changes, in a form that compares names as file systems do."""
        return {folded(name) for edit in self.files for name in (*edit.names, *edit.source_names)}


def parse_edits(text: str, *, strict: bool = False, cut_off: bool = False) -> Edits:
    """The edits in ``text``, of any format and of several; ``strict`` allows no prose around them.

    Raises nothing: a text that can't be parsed has its reason in ``error``.
    """
    files: Sequence[FileEdit] = ()
    error = None
    form = None
    try:
        check_text(text)
        form = detect(text)
        files = () if form is None else read(text, strict=strict)
        if not files:
            raise EditsInvalid(
                "The answer contains no edits: no line `FILE: path`, no diff, no SEARCH/REPLACE block, no patch envelope.",
                hint="Answer with `FILE: path` alone on a line, then the whole file, for every file.",
            )
        check_edits(files)
    except EditsInvalid as invalid:
        error, files = invalid, ()
    return Edits(text, form, tuple(files), error, cut_off)


def whole_file(path: str, content: str) -> Edits:
    """One file with its text, as a tool call gives them: nothing in the text is read as another edit."""
    text = f"FILE: {path}\n{content}" + ("" if content.endswith("\n") else "\n")
    try:
        files = [FileEdit((block.path,), "write", content=block.content, line=block.line) for block in parse_manifest(text)]
        _refuse_blocks(files)
        check_edits(files)
    except EditsInvalid as invalid:
        return Edits(text, "manifest", (), invalid)
    return Edits(text, "manifest", tuple(files))


def read(text: str, *, strict: bool = False) -> list[FileEdit]:
    """All edits of an answer in their order; none where it has none. Raises ``EditsInvalid``.

    Every line is taken by the reader of a format, or is recognised as prose, or refuses the answer.
    """
    answer = AnswerLines(text)
    envelopes, blocks, diffs = EnvelopeReader(answer), BlockReader(answer), DiffReader(answer)
    files, lists = ManifestReader(answer, strict=strict), ListReader(answer)
    at = 0
    while at < len(answer):
        reader = next((reader for reader in (envelopes, blocks, diffs, files) if reader.starts(at)), None)
        if reader is None:
            at = lists.step(at)
            continue
        if reader is not blocks:
            blocks.forget_path()
        at = reader.step(at)
    edits = [edit for each in (files, envelopes, blocks, diffs) for edit in each.edits()]
    if edits:
        prose.check(answer, strict=strict)
    return sorted(edits, key=lambda edit: edit.line)


def _refuse_blocks(edits: Sequence[FileEdit]) -> None:
    """A block or a hunk that would become a file's content is an edit in the wrong format."""
    for edit in edits:
        lines = [line for line in edit.content.split("\n", 40)[:40] if line.strip()]
        if lines and starts.of_edit(lines, 0) and not edit.names[0].endswith(PATCHES):
            raise EditsInvalid(
                f"What follows FILE: {edit.names[0]} is a change to the file, not the whole file.", line=edit.line,
                hint="Send whole files, or all changes in one other format.",
            )  # fmt: skip
