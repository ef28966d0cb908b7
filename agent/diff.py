"""A change as text for the tester and the reviewer."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

MAX_CHARACTERS = 60_000


def describe(before: Mapping[str, str], after: Mapping[str, str], paths: Sequence[str]) -> str:
    """A unified diff of ``paths``, cut at ``MAX_CHARACTERS``; a path that is absent on one side is created or deleted."""
    parts: list[str] = []
    for path in paths:
        old, new = before.get(path), after.get(path)
        names = ("/dev/null" if old is None else f"a/{path}", "/dev/null" if new is None else f"b/{path}")
        parts += difflib.unified_diff(_lines(old), _lines(new), *names, lineterm="")
    text = "\n".join(parts)
    return text if len(text) <= MAX_CHARACTERS else text[:MAX_CHARACTERS] + "\n[cut off: the change is longer]"


def _lines(text: str | None) -> list[str]:
    return (text or "").splitlines()
