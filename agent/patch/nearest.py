"""The file's real lines that are shown for an edit that found no place. The file is looked through once, however many miss."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from agent.patch.model import PatchHunk

SHOWN = 14
"""Real lines shown for one edit."""

MAX_EDITS = 30
"""The most refused edits of a file for which lines are shown, so that the prompt stays bounded."""

MAX_CHARACTERS = 2_000
"""Shown of one line."""

MAX_COMMON = 12
"""A line that occurs more often does not identify the place."""

MAX_COMMON_WORD = 1_000
"""Nor does a word that so many lines have."""

_WORD = re.compile(r"\w{3,}")


class Nearest:
    """Of one file, as it was before the edits."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._left = MAX_EDITS

    def to(self, hunk: PatchHunk, candidates: Sequence[int] = ()) -> tuple[str, ...]:
        """The real lines where most of the hunk's own stand, or around ``candidates`` (1-based); nothing where
        none does."""
        if self._left <= 0:
            return ()
        self._left -= 1
        if candidates:
            around = [at for line in candidates[:3] for at in range(line - 1, line + SHOWN // min(len(candidates), 3) - 1)]
            return self._shown(list(dict.fromkeys(around)))
        wanted = [line.text.strip() for line in hunk.lines if line.tag != "+"]
        start = self._start(hunk, wanted)
        return () if start is None else self._shown(range(start, min(start + max(len(wanted), 3) + 2, start + SHOWN)))

    def _start(self, hunk: PatchHunk, wanted: Sequence[str]) -> int | None:
        votes: Counter[int] = Counter()
        for number, text in enumerate(wanted):
            places = self._places.get(text, ()) if text else ()
            if len(places) <= MAX_COMMON:
                votes.update(max(at - number, 0) for at in places)
        if votes:
            return min(votes, key=lambda at: (-votes[at], at))
        if hunk.old_start:
            return min(hunk.old_start - 1, max(len(self._lines) - 1, 0))
        shared: Counter[int] = Counter()
        for word in {word for text in wanted for word in _WORD.findall(text)}:
            places = self._words.get(word, ())
            if len(places) <= MAX_COMMON_WORD:
                shared.update(places)
        return max(min(shared, key=lambda at: (-shared[at], at)) - 1, 0) if shared else None

    def _shown(self, places: Sequence[int]) -> tuple[str, ...]:
        """The lines as they are, so that they can be copied, below one that says where they begin."""
        rows: list[str] = []
        before = None
        for at in places:
            if 0 <= at < len(self._lines):
                rows += [] if before is not None and at == before + 1 else [f"[from line {at + 1}]"]
                rows.append(_cut(self._lines[at]))
                before = at
        return tuple(rows)

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for at, line in enumerate(self._lines):
            found.setdefault(line.strip(), []).append(at)
        return found

    @cached_property
    def _words(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for at, line in enumerate(self._lines):
            for word in set(_WORD.findall(line[:400])):
                found.setdefault(word, []).append(at)
        return found


def _cut(line: str) -> str:
    return line if len(line) <= MAX_CHARACTERS else f"{line[:MAX_CHARACTERS]} [cut off: the line has {len(line):,} characters]"
