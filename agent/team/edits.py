"""An action whose answer is files or edits."""

from __future__ import annotations

from typing import Any

from agent.team.base import TeamAction
from agent.team.parsing.edits import as_edits


class EditAction(TeamAction):
    async def ask_for_edits(self, prompt: str, *, key: str, max_tokens: int, **options: Any) -> str:
        """The answer in a format that ``agent.patch`` reads, as far as it holds files; ``options`` as for ``converse``."""
        completion = await self.converse(prompt, key=key, max_tokens=max_tokens, **options)
        edits = as_edits(completion.text)
        self.work.calls.keep(edits, completion)
        return edits
