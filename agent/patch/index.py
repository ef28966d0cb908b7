"""Finds runs of lines in a file. Each distinct line becomes one character, so a run is found by ``str.find``: linear, in C."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from agent.patch.punctuation import plain

MAX_LISTED = 20
"""So many places of a run are looked for; more than one is a refusal already."""

MAX_DISTINCT = 0x10FFFF
_BLANKS = re.compile(r"[ \t]+")

EXACT, TRAILING, INDENTATION, PUNCTUATION = "exact", "trailing_space", "uniform_indentation", "unicode_punctuation"


def _collapsed(line: str) -> str:
    return _BLANKS.sub(" ", line.strip())


KEYS: Mapping[str, Callable[[str], str]] = {
    EXACT: lambda line: line,
    TRAILING: str.rstrip,
    INDENTATION: _collapsed,
    PUNCTUATION: lambda line: _collapsed(plain(line)),
}
"""What of a line must be equal, from the strictest level to the loosest."""


class Index:
    """The lines of one file, by level. Nothing is computed before it is asked for."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self._levels: dict[str, tuple[dict[str, str], str]] = {}

    def find(self, level: str, wanted: Sequence[str], limit: int = MAX_LISTED) -> list[int]:
        """The first ``limit`` places (0-based) where the run ``wanted`` stands, overlapping ones too."""
        needle = self._needle(level, wanted)
        if not needle:
            return []
        haystack = self._level(level)[1]
        places: list[int] = []
        at = haystack.find(needle)
        while at >= 0 and len(places) < limit:
            places.append(at)
            at = haystack.find(needle, at + 1)
        return places

    def stands_at(self, level: str, wanted: Sequence[str], at: int) -> bool:
        """True when the run stands exactly there (0-based)."""
        if at < 0 or at + len(wanted) > len(self.lines):
            return False
        key = KEYS[level]
        return all(key(line) == key(self.lines[at + n]) for n, line in enumerate(wanted))

    def longest(self, level: str, wanted: Sequence[str]) -> int:
        """How many of ``wanted``'s first lines stand together somewhere: bisected, for a part of a run is found with it."""
        table, haystack = self._level(level)
        key = KEYS[level]
        low, needle = 0, ""
        for line in wanted:
            if key(line) not in table:
                break
            needle += table[key(line)]
        high = len(needle)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if needle[:middle] in haystack else (low, middle - 1)
        return low

    def _needle(self, level: str, wanted: Sequence[str]) -> str:
        table = self._level(level)[0]
        key = KEYS[level]
        found = [table.get(key(line), "") for line in wanted]
        return "".join(found) if all(found) else ""

    def _level(self, level: str) -> tuple[dict[str, str], str]:
        if level not in self._levels:
            key = KEYS[level]
            table: dict[str, str] = {}
            for line in map(key, self.lines):
                if line not in table:
                    if len(table) > MAX_DISTINCT:
                        raise ValueError("the file has more distinct lines than can be searched")
                    table[line] = chr(len(table))
            self._levels[level] = (table, "".join(table[key(line)] for line in self.lines))
        return self._levels[level]
