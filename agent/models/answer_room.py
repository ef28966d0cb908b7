"""How long an answer may become while it comes: as long as the budget holds tokens for it, and the budget is asked for more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from agent.errors import Paused

LEAST_MORE = 1_000
"""Tokens by which what is held grows at least."""


class AnswerRoom:
    """``tokens`` are held, ``most`` is where the endpoint's own limit cuts. ``grow`` holds as many as it is told in all; where
    it raises Paused, which stays in ``refused``, the answer is cut."""

    def __init__(self, tokens: int, most: int, grow: Callable[[int], Awaitable[None]]) -> None:
        self.tokens, self.most, self._grow = tokens, most, grow
        self.refused: Paused | None = None

    async def allow(self, tokens: int) -> bool:
        """Whether an answer that has so many may go on."""
        while self.refused is None and self.tokens < min(tokens, self.most):
            wanted = min(self.most, max(2 * self.tokens, tokens + LEAST_MORE))
            try:
                await self._grow(wanted)
            except Paused as refused:
                self.refused = refused
            else:
                self.tokens = wanted
        return self.refused is None


answer_room: ContextVar[AnswerRoom | None] = ContextVar("answer_room", default=None)
"""That of the call that is made."""
