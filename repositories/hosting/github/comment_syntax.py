"""Finds commands in a comment's Markdown, and marks and recognises our own comments.

Format: https://github.github.com/gfm/
"""

from __future__ import annotations

import re
from typing import Literal

from ..commands import Verb, command_of

OURS = "<!-- mgx:"
"""Part of every comment of ours, so that we ignore them."""

_FENCE = re.compile(r"^(```|~~~)")


def marked(marker: str) -> str:
    """The hidden line that identifies a comment of ours."""
    return f"{OURS}{marker} -->"


def is_ours(body: str) -> bool:
    return OURS in body


def commands(text: str) -> list[tuple[Verb | Literal[""], str]]:
    """The first command of a comment, with the following lines as its text. Commands in quotes and code are ignored."""
    if is_ours(text):
        return []
    lines, fenced = text.replace("\r\n", "\n").split("\n"), False
    for at, line in enumerate(lines):
        fenced ^= _FENCE.match(line) is not None
        found = None if fenced else command_of(line)
        if found is not None:
            verb, words = found
            return [("", words)] if not verb else [(verb, "\n".join([words, *lines[at + 1 :]]).strip())]
    return []
