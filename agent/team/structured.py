"""An action whose answer is JSON: it says what was wrong and asks again, twice, each time differently."""

from __future__ import annotations

import json
from functools import partial
from typing import TypeVar

from agent.errors import OutputInvalid
from agent.team.base import TeamAction
from agent.team.parsing.schemas import Answer, Unusable, parse
from agent.team.prompts import render
from agent.team.session import Session
from agent.team.tool_limits import BY_ROLE_TOOLS

A = TypeVar("A", bound=Answer)
SHOWN = 4_000
"""Characters of an unusable answer that are shown to the model again."""
CUT_OFF = "it reached the length limit before its end. Give a much shorter answer."


def _matches(schema: type[Answer], text: str) -> bool:
    try:
        parse(schema, text)
    except Unusable:
        return False
    return True


class StructuredAction(TeamAction):
    async def ask_for(self, schema: type[A], session: Session, question: str, *, key: str, max_tokens: int) -> A:
        """Raises ``OutputInvalid`` when the third answer does not match ``schema`` either."""
        wrong = ""
        for attempt, reminder in enumerate(("", "again", "again_last")):
            if reminder:
                question = render(reminder, problem=wrong, schema=json.dumps(schema.model_json_schema()))
            reply = await self.converse(
                session,
                question,
                key=f"{key}/{attempt + 1}" if attempt else key,
                max_tokens=max_tokens,
                # where nothing is there yet, there is nothing to look at
                tools=() if attempt or not self.work.view.files else BY_ROLE_TOOLS.get(self.role_name, ()),
                fresh=attempt > 0,
                accepts=partial(_matches, schema),
            )
            try:
                return parse(schema, reply.completion.text)
            except Unusable as error:
                wrong = CUT_OFF if reply.completion.cut_off else str(error)
                session.shorten_answer(SHOWN)
        raise OutputInvalid(
            f"The {self.role_name}'s answer to {self.name} could not be used after three attempts: {wrong}",
            hint="Try the run again, or choose a model that follows answer formats better.",
        )
