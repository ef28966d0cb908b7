"""How long an answer may become while it comes, and whether a prompt may be sent again: as long as the budget holds tokens for
it, and the budget is asked for more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from agent.errors import Paused

LEAST_MORE = 1_000
"""Tokens by which what is held grows at least."""


class AnswerRoom:
    """``tokens`` are held, ``most`` is where the endpoint's own limit cuts. ``grow`` holds as many as it is told in all,
    and so many prompts; where it raises Paused, which stays in ``refused``, the answer is cut."""

    def __init__(self, tokens: int, most: int, grow: Callable[[int, int], Awaitable[None]]) -> None:
        self.tokens, self.most, self._grow = tokens, most, grow
        self._prompts = 1
        self.refused: Paused | None = None
        self.prompt_refused: Paused | None = None
        """Why the prompt was not sent again."""
        self.thought = 0
        """What answers held of thinking, as `estimate_weight` counts, also of those that broke off."""

    async def allow(self, tokens: int) -> bool:
        """Whether an answer that has so many may go on."""
        while self.refused is None and self.tokens < min(tokens, self.most):
            wanted = min(self.most, max(2 * self.tokens, tokens + LEAST_MORE))
            try:
                await self._grow(wanted, self._prompts)
            except Paused as refused:
                self.refused = refused
            else:
                self.tokens = wanted
        return self.refused is None

    async def allow_prompt(self) -> bool:
        """Whether the prompt may be sent once more, while what was held for it before stays held."""
        try:
            await self._grow(self.tokens, self._prompts + 1)
        except Paused as refused:
            self.prompt_refused = refused
            return False
        self._prompts += 1
        self.prompt_refused = None
        return True


answer_room: ContextVar[AnswerRoom | None] = ContextVar("answer_room", default=None)
"""That of the call that is made."""


async def may_ask_again(unanswered: int) -> bool:
    """After a request that failed: whether the budget lets another one be made, where that one may be billed."""
    room = answer_room.get()
    return not unanswered or room is None or await room.allow_prompt()
