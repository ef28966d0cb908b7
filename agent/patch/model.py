"""What every format is read into: files with hunks, or whole files. Nothing here has looked at the tree yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agent.errors import OutputInvalid

Tag = Literal[" ", "-", "+", "?"]
"""Context, removed, added; ``?`` is a line that lost its prefix, whose kind only the file can tell."""

Operation = Literal["write", "create", "modify", "delete"]
Format = Literal["manifest", "unified", "search_replace", "envelope"]


class EditsInvalid(OutputInvalid):
    """The text can't be read as edits. ``line`` is the 1-based line of the problem, 0 for the whole."""

    code = "format"

    def __init__(self, detail: str, *, line: int = 0, hint: str = "") -> None:
        super().__init__(detail, hint=hint)
        self.line = line


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a hunk: ``text`` without prefix and line end, ``raw`` as written, ``cr`` if a carriage return ended it."""

    tag: Tag
    text: str
    raw: str = ""
    cr: bool = False


@dataclass(frozen=True)
class PatchHunk:
    """One place of a file to be changed.

    ``old_start`` and the counts are as stated in the header (1-based), None where it states none. ``anchors`` are lines that
    stand somewhere above the hunk. ``old_bare`` and ``new_bare`` say that the last line of that side has no newline, ``at_end``
    that the hunk ends where the file does. ``line`` is the 1-based line of the answer. Exactly one of ``alternatives``, where
    there are any, is what was meant. ``below`` are lines without a prefix at its end that were taken for prose.
    """

    lines: Sequence[Line]
    old_start: int | None = None
    old_count: int | None = None
    new_start: int | None = None
    new_count: int | None = None
    anchors: Sequence[str] = ()
    old_bare: bool = False
    new_bare: bool = False
    at_end: bool = False
    line: int = 0
    alternatives: Sequence[PatchHunk] = ()
    below: Sequence[str] = ()

    def old(self) -> list[str]:
        """The lines that must be in the file, read as they stand."""
        return [line.text for line in self.lines if line.tag != "+"]

    def new(self) -> list[str]:
        """The lines that will be in the file."""
        return [line.text for line in self.lines if line.tag != "-"]

    @property
    def coherent(self) -> bool:
        """True when the header's counts are those of the body, so that its line numbers deserve trust."""
        if self.old_start is None or any(line.tag == "?" and line.text for line in self.lines):
            return False
        return self.old_count == len(self.old()) and self.new_count == len(self.new())

    def leading(self) -> int:
        """Lines of context before the first change."""
        return next((at for at, line in enumerate(self.lines) if line.tag in "+-"), len(self.lines))

    def trailing(self) -> int:
        """Lines of context after the last change."""
        return next((at for at, line in enumerate(reversed(self.lines)) if line.tag in "+-"), len(self.lines))


@dataclass(frozen=True)
class FileEdit:
    """One file. ``names`` are the spellings that its header gave, most telling first; ``exact`` says to take them literally.

    ``write`` replaces the whole file by ``content``; ``create`` refuses an existing one. ``source_names`` are those of the file
    that a rename or copy starts from. ``refusal`` (code, reason) is set where the edit must not be made whatever the tree is.
    ``declared`` is False for a whole file of which the answer has the name only. ``doubts`` are lines of ``content`` that look
    like edits of their own: they may be written where the file has them already, and so may ``remarks``, lines
    that may be said to the reader.
    """

    names: Sequence[str]
    operation: Operation = "modify"
    hunks: Sequence[PatchHunk] = ()
    content: str = ""
    bare: bool = False
    source_names: Sequence[str] = ()
    keep_source: bool = False
    executable: bool | None = None
    exact: bool = True
    declared: bool = True
    refusal: tuple[str, str] | None = None
    line: int = 0
    doubts: Sequence[str] = ()
    remarks: Sequence[str] = ()
