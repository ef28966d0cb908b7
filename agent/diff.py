"""A change as text for the tester and the reviewer."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

MAX_CHARACTERS = 60_000


def describe(texts: Mapping[str, tuple[str | None, str | None]]) -> str:
    """A unified diff of ``texts``, before and after by path, cut at ``MAX_CHARACTERS``; None is a file that is not there."""
    parts: list[str] = []
    for path, (old, new) in texts.items():
        names = ("/dev/null" if old is None else f"a/{path}", "/dev/null" if new is None else f"b/{path}")
        parts += difflib.unified_diff(_lines(old), _lines(new), *names, lineterm="")
    text = "\n".join(parts)
    return text if len(text) <= MAX_CHARACTERS else text[:MAX_CHARACTERS] + "\n[cut off: the change is longer]"


def _lines(text: str | None) -> list[str]:
    return (text or "").splitlines()
