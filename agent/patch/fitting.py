"""Which of several readings of an edit fits what stands around it: by the indentation there, and by brackets that close.

A reading is chosen only where the others do not fit; where two do, the caller refuses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agent.patch.indentation import indent_of

NEAR = 30
"""Lines above and below that are looked at."""

UNITS = (8, 4, 3, 2)
USUAL = 0.8
"""Share of the indented lines near by that a unit of indentation must explain."""

FITS, NEAR_BY, STRANGE = 1, 2, 3
"""What a line costs at most that fits, one that is indented as another near by, and one that is like none."""

_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING_WORDS = frozenset(("end", "fi", "done", "esac", "od", "endif", "endfor", "endwhile", "endfunction", "else", "else:"))


class Surroundings:
    """The lines ``start`` to ``end`` of a file (0-based) and those around them. ``own`` are lines of the edit itself whose
    indentation is known; without it those of the file are."""

    def __init__(self, lines: Sequence[str], start: int, end: int, own: Sequence[str] = ()) -> None:
        near = [line for line in lines[max(start - NEAR, 0) : end + NEAR] if line.strip()]
        above = next((line for line in reversed(lines[max(start - NEAR, 0) : start]) if line.strip()), None)
        below = next((line for line in lines[end : end + NEAR] if line.strip()), None)
        self._own = frozenset(indent_of(line) for line in own or lines[start:end] if line.strip())
        self._near = frozenset(map(indent_of, near))
        self._beside = frozenset(
            indent_of(line) for line in (above, *lines[start:end], below) if line is not None and line.strip()
        )
        self._unit = _unit([indent for indent in map(indent_of, near) if indent])

    def cost(self, text: str) -> int:
        """0 for a line that is indented as one of the edit's own, 1 as one beside it or in steps of the usual width, 2 as one
        near by, 3 as none."""
        indent = indent_of(text)
        if not text or indent in self._own:
            return 0
        if indent in self._beside:
            return 1
        if self._unit and not len(indent) % len(self._unit) and not indent.strip(self._unit[0]):
            return 1
        return NEAR_BY if indent in self._near else STRANGE

    def best(self, readings: Sequence[Sequence[str]]) -> int | None:
        """The number of the one reading (lines that it adds) that fits better than all others; None where none does."""
        costs = [(max(map(self.cost, lines), default=0), sum(map(self.cost, lines))) for lines in readings]
        least = min(costs)
        return costs.index(least) if least[0] <= FITS and costs.count(least) == 1 else None


def _unit(indents: Sequence[str]) -> str:
    """One step of indentation: a tab, so many spaces, or nothing where there is no rule."""
    if not indents:
        return ""
    if sum(not indent.strip("\t") for indent in indents) >= USUAL * len(indents):
        return "\t"
    spaces = [len(indent) for indent in indents if not indent.strip(" ")]
    return next((" " * unit for unit in UNITS if sum(not size % unit for size in spaces) >= USUAL * len(indents)), "")


def is_balanced(added: Sequence[str], removed: Sequence[str]) -> bool:
    """True when a change opens as many brackets of each kind as it closes."""
    count = Counter("".join(added))
    count.subtract(Counter("".join(removed)))
    return all(count[one] == count[other] for one, other in _OPENING.items())


def closes_a_block(text: str) -> bool:
    """True for a line that is only the end of a block, of which the lines around may have another."""
    return text.strip().rstrip(";,").lower() in _CLOSING_WORDS
