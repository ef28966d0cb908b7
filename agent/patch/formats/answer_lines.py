"""The lines of one answer and the account of them: which belong to an edit, and so which are left to be prose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from agent.patch.formats.fences import opener


class AnswerLines:
    """``raw`` are the lines as they came, ``plain`` the same without a final carriage return; both may be moved to the margin.

    Who reads lines as part of an edit says so by ``take``; ``end`` is the index after the last of those.
    """

    def __init__(self, text: str) -> None:
        self.raw = [_unmarked(line) for line in text.split("\n")]
        if self.raw[-1] in ("", "\r"):
            self.raw.pop()
        self.plain = [line.removesuffix("\r") for line in self.raw]
        self.end = 0
        self._taken = bytearray(len(self.raw))

    def __len__(self) -> int:
        return len(self.raw)

    def take(self, start: int, stop: int) -> int:
        """These lines belong to an edit; returns ``stop``."""
        stop = min(stop, len(self.raw))
        self._taken[start:stop] = b"\1" * (stop - start)
        self.end = max(self.end, stop)
        return stop

    def is_taken(self, at: int) -> bool:
        return bool(self._taken[at])

    def above(self, at: int, most: int) -> Iterator[int]:
        """The nearest ``most`` filled lines above ``at`` that follow the last edit and are not a fence, from the nearest up."""
        left = most
        for number in range(at - 1, self.end - 1, -1):
            line = self.plain[number].strip()
            if line and opener(line) is None:
                yield number
                left -= 1
                if not left:
                    return

    def outdent(self, start: int, stop: int, depth: int) -> bool:
        """Moves the lines ``depth`` spaces to the left, where all have those; returns whether."""
        if not depth or any(line[:depth].strip(" ") for line in self.plain[start:stop]):
            return False
        for lines in (self.raw, self.plain):
            lines[start:stop] = at_margin(lines[start:stop], " " * depth)
        return True


def at_margin(lines: Sequence[str], prefix: str) -> list[str]:
    """``lines`` without the indentation ``prefix``, which all filled ones have. One that is only spaces keeps them where it is
    as deep as a line beside it will be, and would not be without them: then it was not indented with the others."""
    result = [line[len(prefix) :] if line.strip() or len(line) >= len(prefix) else line.lstrip(" \t") for line in lines]
    above, below = _depths(result), _depths(result[::-1])[::-1]
    for at, line in enumerate(lines):
        if len(line) > len(prefix) and not line.strip():
            near = (above[at], below[at])
            result[at] = line if line.rstrip("\r") in near and result[at].rstrip("\r") not in near else result[at]
    return result


def _depths(lines: Sequence[str]) -> list[str]:
    """For each line the indentation of the last filled one up to it."""
    return list(accumulate(lines, lambda depth, line: _indent(line) if line.strip() else depth, initial=""))[1:]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _unmarked(line: str) -> str:
    """Without a byte order mark at its start, as where answers were put together from files."""
    return line.lstrip("\ufeff") if line.startswith("\ufeff") else line
