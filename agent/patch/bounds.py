"""How much one answer may contain. Checked before parsing, so that no parser gets more than it is made for.

Generous: the longest answer of a model is about half a megabyte. What is within these bounds is read and placed in time linear
in the answer and in the files that it edits.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.patch.model import EditsInvalid, FileEdit

MAX_CHARACTERS = 16_000_000
MAX_LINES = 500_000
MAX_FILES = 2_000
MAX_HUNKS = 10_000

_FEWER = "Send the edits in several answers, or a whole file where most of it changes."


def check_text(text: str) -> None:
    """Raises ``EditsInvalid`` where the answer is too long to be read."""
    if len(text) > MAX_CHARACTERS:
        raise EditsInvalid(
            f"The answer has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read as edits.", hint=_FEWER
        )
    lines = text.count("\n") + 1
    if lines > MAX_LINES:
        raise EditsInvalid(f"The answer has {lines:,} lines; at most {MAX_LINES:,} are read as edits.", hint=_FEWER)


def check_edits(edits: Sequence[FileEdit]) -> None:
    """Raises ``EditsInvalid`` where the answer holds too many edits to be placed."""
    if len(edits) > MAX_FILES:
        raise EditsInvalid(f"The answer changes {len(edits):,} files; at most {MAX_FILES:,} are changed at once.", hint=_FEWER)
    hunks = sum(len(edit.hunks) for edit in edits)
    if hunks > MAX_HUNKS:
        raise EditsInvalid(f"The answer contains {hunks:,} edits; at most {MAX_HUNKS:,} are made at once.", hint=_FEWER)
