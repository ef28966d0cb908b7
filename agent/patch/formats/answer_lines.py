"""The lines of one answer and the account of them: which belong to an edit, and so which are left to be prose."""

from __future__ import annotations

from collections.abc import Iterator

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
            lines[start:stop] = [line[depth:] for line in lines[start:stop]]
        return True


def _unmarked(line: str) -> str:
    """Without a byte order mark at its start, as where answers were put together from files."""
    return line.lstrip("\ufeff") if line.startswith("\ufeff") else line
