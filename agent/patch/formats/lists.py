"""Edits that are indented as a whole, as in a list: moved to the margin, so that each format is read there only."""

from __future__ import annotations

from agent.patch.formats import starts
from agent.patch.formats.answer_lines import AnswerLines
from agent.patch.formats.fences import closes, opener

STEPS = 20
"""Lines looked at for each line of the answer, at most: fences within fences are not looked through for ever."""


class ListReader:
    """Takes the indentation off edits that stand in a list."""

    def __init__(self, answer: AnswerLines) -> None:
        self._answer = answer
        self._left = STEPS * len(answer) + 1_000

    def step(self, at: int) -> int:
        """The next line to read: this one again where it and what belongs to it has been moved to the margin."""
        lines = self._answer.plain
        depth = len(lines[at]) - len(lines[at].lstrip(" "))
        if not depth or not lines[at].strip():
            return at + 1
        stop = self._fenced(at, depth) if opener(lines[at][depth:]) is not None else self._bare(at, depth)
        return at if stop > at and self._answer.outdent(at, stop, depth) else at + 1

    def _fenced(self, at: int, depth: int) -> int:
        """The index after the fence that begins here; ``at`` where no edit is in it."""
        lines, fence = self._answer.plain, opener(self._answer.plain[at][depth:]) or ""
        holds = False
        for number in range(at + 1, len(lines)):
            self._left -= 1
            if self._left < 0 or lines[number][:depth].strip(" "):
                return at
            if closes(lines[number][depth:], fence):
                return number + 1 if holds else at
            holds = holds or self._begins(number, depth)
        return at

    def _bare(self, at: int, depth: int) -> int:
        """The index after the indented lines from here on; ``at`` where no edit begins here."""
        lines = self._answer.plain
        if not self._begins(at, depth):
            return at
        stop = at + 1
        while stop < len(lines) and not lines[stop][:depth].strip(" "):
            stop += 1
        return stop

    def _begins(self, at: int, depth: int) -> bool:
        lines = self._answer.plain
        if lines[at][depth : depth + 1] not in ("-", "+", "@", "*", "d", "F", "<"):
            return False
        near = [line[depth:] for line in lines[at : at + 2]]
        return starts.of_edit(near, 0) or starts.MANIFEST.fullmatch(near[0]) is not None
