"""The reviewer: approves the change or asks for another revision before delivery.

It has a session of its own, for it is to see the change and not the thoughts that led to it.
"""

from __future__ import annotations

import json
from typing import ClassVar

from agent.prompt_blocks import block
from agent.team.base import TeamRole
from agent.team.messages import REVIEW_WANTED
from agent.team.parsing.schemas import Review
from agent.team.prompts import render
from agent.team.structured import StructuredAction
from agent.team.tool_limits import BY_ROLE

ASKED_BEFORE = "This was requested earlier; check that it was done, and don't ask for the opposite:"


class ReviewCode(StructuredAction):
    """Content: JSON {round, change, tests, earlier: what was asked for before}. Answers with a ``Review``."""

    async def act(self, content: str) -> str:
        given = json.loads(content)
        question = render(
            "review_code",
            plan=self.work.plan_block(),
            change=block("change", given["change"]),
            tests=block("tests", given["tests"]),
            earlier=f"\n\n{ASKED_BEFORE}\n{block('earlier', given['earlier'])}" if given["earlier"] else "",
            limits=BY_ROLE["reviewer"].told(),
        )
        session = self.work.new_session()
        answer = await self.ask_for(Review, session, question, key=f"review/{given['round']}", max_tokens=4_000)
        return answer.model_dump_json()


class Reviewer(TeamRole):
    role_name: ClassVar[str] = "reviewer"
    handles: ClassVar = {REVIEW_WANTED: ReviewCode}
