"""The result of a tool, and its refusal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.ports import JSONObject

MAX_RESULT = 24_000
"""Characters of any result; only ``read`` with several files comes near it."""
MAX_PIECE = 12_000
"""Characters of one file's part of a result, and of what a search or a list finds."""
_RESERVED = 200


@dataclass(frozen=True)
class ToolResult:
    """``text`` is for the model. ``read``: path → whole text of the files that it shows in full, line by line. ``kept``: the
    paths that a command has created, changed or deleted and that are part of the change now. ``has_failed``: it ran a command
    that did not end well, which the call is not to blame for."""

    text: str
    is_error: bool = False
    read: dict[str, str] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    has_failed: bool = False

    def to_json(self) -> JSONObject:
        known: JSONObject = {"text": self.text, "is_error": self.is_error, "read": self.read, "kept": self.kept}
        return {**known, "has_failed": self.has_failed}

    @classmethod
    def from_json(cls, data: JSONObject) -> ToolResult:
        """Also of a journal that was written before commands could change files or were known to have failed."""
        return cls(data["text"], data["is_error"], data["read"], data.get("kept", []), data.get("has_failed", False))


class Refused(Exception):
    """The call can't be carried out as the model wrote it; the text says why and what to send instead."""


def clean(text: str) -> str:
    """Without the control characters that could paint over what is around it; tabs and line ends stay."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in "\t\n" else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def fitting(lines: Iterable[str], *, limit: int = MAX_PIECE - _RESERVED) -> tuple[list[str], bool]:
    """The first of ``lines`` that fit into ``limit`` characters, and whether that is all of them."""
    shown: list[str] = []
    for line in lines:
        limit -= len(line) + 1
        if limit < 0:
            return shown, False
        shown.append(line)
    return shown, True
