"""Text of a repository as it is shown: to people, in prompts and in pull requests. One line, printable, of bounded length."""

from __future__ import annotations

MAX_LINE = 200
"""Characters of a line about a project."""
MAX_COMMAND = 1_000
"""Of a command, as many as a person may give."""


def shown(text: str, limit: int = MAX_LINE) -> str:
    """``text`` on one line of at most ``limit`` characters: what can't be printed (controls, marks that turn the direction of
    writing) is a space, and what is left out an ellipsis."""
    cut = text[: limit + 1]
    if not cut.isprintable():
        cut = "".join(char if char.isprintable() else " " for char in cut)
    return cut if len(text) <= limit else f"{cut[: limit - 1]}…"


def quoted(text: str) -> str:
    """``text`` between backticks, which it can't leave."""
    plain = shown(text, MAX_LINE - 50).replace("`", "'")
    return f"`{plain}`"
