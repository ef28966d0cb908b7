"""Finds runs of lines in a file. Each distinct line becomes one character, so a run is found by ``str.find``: linear, in C."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, takewhile

from agent.patch.punctuation import plain
from agent.patch.sections import Sections

MAX_LISTED = 20
"""So many places of a run are looked for; more than one is a refusal already."""

MAX_RARE = 64
"""Places of a run's rarest line that are looked at one by one."""

PER_LINE, AT_LEAST = 40, 200_000
"""Steps that may be spent on one file's edits; a step is about a microsecond."""

SEARCHED = 64
"""Lines that ``str.find`` looks at in one step."""

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


class TooMuchWork(ValueError):
    """Placing the edits of a file takes more than a share of its lines and theirs explains."""


class Index:
    """The lines of one file, by level. Nothing is computed before it is asked for.

    ``wanted`` is how many lines the edits have that are looked for. It and the file's size say how much work may be spent on
    all of them together: who sends many edits that each fit nearly everywhere gets ``TooMuchWork``, not a worker's hour.
    """

    def __init__(self, lines: Sequence[str], wanted: int = 0, *, within: Index | None = None) -> None:
        self.lines = lines
        self._within = within
        self._levels: dict[str, _Level] = {}
        self._found: dict[tuple[str, str, int], list[int]] = {}
        self._left = AT_LEAST + PER_LINE * (len(lines) + wanted)

    def spend(self, steps: int) -> None:
        """Counts work, that of an index of some of its lines too. Raises ``TooMuchWork``."""
        if self._within is not None:
            self._within.spend(steps)
            return
        self._left -= steps
        if self._left < 0:
            raise TooMuchWork(
                "its edits fit nearly everywhere in it and take too long to place; send fewer of them, "
                "each with lines that occur in one place only"
            )

    def find(self, level: str, wanted: Sequence[str], limit: int = MAX_LISTED) -> list[int]:
        """The first ``limit`` places (0-based) where the run ``wanted`` stands, overlapping ones too."""
        needle = self._needle(level, wanted)
        return self._places(level, needle, limit) if needle else []

    def stands_at(self, level: str, wanted: Sequence[str], at: int) -> bool:
        """True when the run stands exactly there (0-based)."""
        if at < 0 or at + len(wanted) > len(self.lines):
            return False
        needle = self._needle(level, wanted)
        return not wanted or (bool(needle) and self._level(level).text.startswith(needle, at))

    def longest(self, level: str, wanted: Sequence[str]) -> int:
        """How many of ``wanted``'s first lines stand together somewhere: bisected, for a part of a run is found with it."""
        table, key = self._level(level).table, KEYS[level]
        known = list(takewhile(bool, (table.get(key(line), "") for line in wanted)))
        needle = "".join(known)
        low, high = 0, len(needle)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._places(level, needle[:middle], 1) else (low, middle - 1)
        return low

    @cached_property
    def stripped(self) -> frozenset[str]:
        """The lines without the space around them."""
        return frozenset(map(str.strip, self.lines))

    @cached_property
    def solid_places(self) -> list[int]:
        """Where the lines with text stand."""
        return [at for at, line in enumerate(self.lines) if line.strip()]

    @cached_property
    def solid(self) -> Index:
        """Of the lines with text alone."""
        return Index([self.lines[at] for at in self.solid_places], within=self)

    @cached_property
    def sections(self) -> Sections:
        return Sections(self.lines, self.spend)

    def _places(self, level: str, needle: str, limit: int) -> list[int]:
        """Around the rarest line of the run, where that is rare; else by a search through the file, once for each run."""
        known = self._found.get((level, needle, limit))
        if known is not None:
            return known
        haystack, places = self._level(level).text, self._level(level).places
        self.spend(1 + len(needle) // SEARCHED)
        rarest = min(set(needle), key=lambda char: (len(places[char]), char))
        found: list[int] = []
        if len(places[rarest]) <= MAX_RARE:
            before = needle.index(rarest)
            starts = (place - before for place in places[rarest] if place >= before)
            found = list(islice((start for start in starts if haystack.startswith(needle, start)), limit))
        else:
            self.spend(len(haystack) // SEARCHED)
            at = haystack.find(needle)
            while at >= 0 and len(found) < limit:
                found.append(at)
                at = haystack.find(needle, at + 1)
        self._found[level, needle, limit] = found
        return found

    def _needle(self, level: str, wanted: Sequence[str]) -> str:
        table, key = self._level(level).table, KEYS[level]
        found: list[str] = []
        for line in wanted:
            char = table.get(key(line))
            if char is None:
                return ""
            found.append(char)
        return "".join(found)

    def _level(self, level: str) -> _Level:
        if level not in self._levels:
            self._levels[level] = _read(self.lines, KEYS[level])
        return self._levels[level]


@dataclass(frozen=True)
class _Level:
    """``table`` is the character of each distinct line, ``text`` the file in them, ``places`` where each stands."""

    table: dict[str, str]
    text: str
    places: dict[str, list[int]]


def _read(lines: Sequence[str], key: Callable[[str], str]) -> _Level:
    table: dict[str, str] = {}
    places: dict[str, list[int]] = {}
    text: list[str] = []
    for at, line in enumerate(map(key, lines)):
        if line not in table:
            if len(table) > MAX_DISTINCT:
                raise ValueError("the file has more distinct lines than can be searched")
            table[line] = chr(len(table))
        text.append(table[line])
        places.setdefault(table[line], []).append(at)
    return _Level(table, "".join(text), places)
