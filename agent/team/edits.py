"""An action whose answer is files or edits."""

from __future__ import annotations

from typing import Any

from agent.patch import Edits
from agent.team.base import TeamAction
from agent.team.parsing.edits import read_answer


class EditAction(TeamAction):
    async def ask_for_edits(self, prompt: str, *, key: str, max_tokens: int, **options: Any) -> Edits:
        """The answer, parsed: here and nowhere else. ``options`` as for ``converse``."""
        completion = await self.converse(prompt, key=key, max_tokens=max_tokens, **options)
        return read_answer(completion.text, cut_off=completion.cut_off)
