"""The engineer: writes the code and revises it."""

from __future__ import annotations

import json
from typing import ClassVar

from agent.prompt_blocks import block
from agent.team.base import EditsMessage, TeamRole
from agent.team.edits import EditAction
from agent.team.messages import PARTS_WANTED, PLAN_APPROVED, REVISION_WANTED
from agent.team.prompts import render
from agent.team.tool_limits import BY_ROLE_TOOLS
from agent.team.write_part import WritePart

MAX_TOKENS = 32_000


class WriteCode(EditAction):
    """Answers with files or edits."""

    async def act(self, content: str) -> EditsMessage:
        prompt = render(
            "write_code", situation=self.work.situation(), plan=self.work.plan_block(), format=self.work.answer_format()
        )
        tools = BY_ROLE_TOOLS["engineer"]
        return EditsMessage([await self.ask_for_edits(prompt, key="write/0", max_tokens=MAX_TOKENS, tools=tools)])


class ReviseCode(EditAction):
    """Content: JSON {round, problem, answer}. Answers with files or edits."""

    async def act(self, content: str) -> EditsMessage:
        wanted = json.loads(content)
        prompt = render(
            "revise_code",
            problem=wanted["problem"],
            answer=block("answer", wanted["answer"]),
            situation=self.work.situation(),
            plan=self.work.plan_block(),
            format=self.work.answer_format(),
        )
        key, tools = f"write/{wanted['round']}", BY_ROLE_TOOLS["engineer"]
        return EditsMessage([await self.ask_for_edits(prompt, key=key, max_tokens=MAX_TOKENS, tools=tools, fresh=True)])


class Engineer(TeamRole):
    role_name: ClassVar[str] = "engineer"
    handles: ClassVar = {PLAN_APPROVED: WriteCode, PARTS_WANTED: WritePart, REVISION_WANTED: ReviseCode}
