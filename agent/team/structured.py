"""An action whose answer is JSON: it says what was wrong and asks again, twice, each time differently."""

from __future__ import annotations

import json
from typing import TypeVar

from agent.errors import OutputInvalid
from agent.ports import ChatMessage
from agent.team.base import TeamAction
from agent.team.parsing.schemas import Answer, Unusable, parse
from agent.team.prompts import render
from agent.team.tool_limits import BY_ROLE_TOOLS

A = TypeVar("A", bound=Answer)
SHOWN = 4_000
"""Characters of an unusable answer that are shown to the model again."""
CUT_OFF = "it reached the length limit before its end. Give a much shorter answer."


class StructuredAction(TeamAction):
    async def ask_for(self, schema: type[A], prompt: str, *, key: str, max_tokens: int) -> A:
        """Raises ``OutputInvalid`` when the third answer does not match ``schema`` either."""
        messages: list[ChatMessage] = [{"role": "user", "content": prompt}]
        wrong = ""
        for attempt, reminder in enumerate(("", "again", "again_last")):
            if reminder:
                told = render(reminder, problem=wrong, schema=json.dumps(schema.model_json_schema()))
                messages.append({"role": "user", "content": told})
            completion = await self.converse(
                messages,
                key=f"{key}/{attempt + 1}" if attempt else key,
                max_tokens=max_tokens,
                tools=() if attempt else BY_ROLE_TOOLS.get(self.role_name, ()),
                fresh=attempt > 0,
            )
            try:
                return parse(schema, completion.text)
            except Unusable as error:
                wrong = CUT_OFF if completion.cut_off else str(error)
                messages.append({"role": "assistant", "content": completion.text[:SHOWN] or "(empty)"})
        raise OutputInvalid(
            f"The {self.role_name}'s answer to {self.name} could not be used after three attempts: {wrong}",
            hint="Try the run again, or choose a model that follows answer formats better.",
        )
