"""A change as text for the tester and the reviewer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from agent.matching import opcodes

MAX_CHARACTERS = 60_000
CONTEXT = 3


def describe(texts: Mapping[str, tuple[str | None, str | None]]) -> str:
    """A unified diff of ``texts``, before and after by path, cut at ``MAX_CHARACTERS``; None is a file that is not there."""
    parts: list[str] = []
    for path, (old, new) in texts.items():
        names = ("/dev/null" if old is None else f"a/{path}", "/dev/null" if new is None else f"b/{path}")
        parts += _unified(_lines(old), _lines(new), names)
    text = "\n".join(parts)
    return text if len(text) <= MAX_CHARACTERS else text[:MAX_CHARACTERS] + "\n[cut off: the change is longer]"


def _unified(old: Sequence[str], new: Sequence[str], names: tuple[str, str]) -> Iterator[str]:
    """As of ``difflib.unified_diff``, on what the two have in common in bounded time."""
    matcher = SequenceMatcher(None, "", "")
    matcher.opcodes = opcodes(old, new, autojunk=True)  # type: ignore[attr-defined]
    for number, group in enumerate(matcher.get_grouped_opcodes(CONTEXT)):
        if not number:
            yield from (f"--- {names[0]}", f"+++ {names[1]}")
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@"
        for kind, a, b, c, d in group:
            if kind == "equal":
                yield from (f" {line}" for line in old[a:b])
            else:
                yield from (f"-{line}" for line in old[a:b])
                yield from (f"+{line}" for line in new[c:d])


def _range(start: int, stop: int) -> str:
    """As in POSIX ``diff -u``: an empty range begins at the line before."""
    size = stop - start
    return str(start + 1) if size == 1 else f"{start + (size > 0)},{size}"


def _lines(text: str | None) -> list[str]:
    return (text or "").splitlines()
