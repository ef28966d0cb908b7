"""The lines that name a hunk's surroundings: after ``@@`` in a unified diff or an envelope."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property

MIN_HEADING = 3
_LAST = chr(0x10FFFF)


class Sections:
    """The sections of one file, told by indentation. ``spend`` is called with the number of lines that one look takes."""

    def __init__(self, lines: Sequence[str], spend: Callable[[int], None]) -> None:
        self._lines = lines
        self._spend = spend
        self._starting_with: dict[str, list[int]] = {}

    def inside(self, anchors: Sequence[str], places: Sequence[int]) -> list[int]:
        """Those of ``places`` that stand in the section which ``anchors`` name, outermost first; all of them where the
        anchors name no single line of the file."""
        start, end = 0, len(self._lines)
        for anchor in anchors:
            heads = self._heads(anchor, start, end)
            if len(heads) != 1:
                return list(places)
            start, end = heads[0] + 1, min(self._ends[heads[0]], end)
        return [place for place in places if start - 1 <= place < end]

    def _heads(self, anchor: str, start: int, end: int) -> list[int]:
        """The first two lines between that are the anchor."""
        wanted = anchor.strip()
        if len(wanted) < MIN_HEADING:
            return []
        # git cuts a heading after 80 bytes; models leave the end out
        return _between(self._same.get(wanted, ()), start, end) or _between(self._starting(wanted), start, end)

    def _starting(self, wanted: str) -> list[int]:
        if wanted not in self._starting_with:
            texts, places = self._sorted
            first, last = bisect_left(texts, wanted), bisect_right(texts, wanted + _LAST)
            self._spend(last - first)
            self._starting_with[wanted] = sorted(places[first:last])
        return self._starting_with[wanted]

    @cached_property
    def _same(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for at, line in enumerate(self._lines):
            found.setdefault(line.strip(), []).append(at)
        return found

    @cached_property
    def _sorted(self) -> tuple[list[str], list[int]]:
        """The lines in order of their text, and where each stands."""
        order = sorted((line.strip(), at) for at, line in enumerate(self._lines))
        return [text for text, _ in order], [at for _, at in order]

    @cached_property
    def _ends(self) -> list[int]:
        """For each line the first one after it that is indented no deeper, but for closing ones.

        From the last line up: of the lines below, only those matter that have none as shallow between.
        """
        result = [len(self._lines)] * len(self._lines)
        depths: list[int] = []
        places: list[int] = []
        for at in range(len(self._lines) - 1, -1, -1):
            line = self._lines[at]
            depth, text = _depth(line), line.strip()
            known = bisect_right(depths, depth)
            if known:
                result[at] = places[known - 1]
            if text and (text[0].isalnum() or text[0] in "@_#<$"):
                keep = bisect_left(depths, depth)
                del depths[keep:], places[keep:]
                depths.append(depth)
                places.append(at)
        return result


def _between(places: Sequence[int], start: int, end: int) -> list[int]:
    first = bisect_left(places, start)
    return list(places[first : min(bisect_left(places, end), first + 2)])


def _depth(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())
