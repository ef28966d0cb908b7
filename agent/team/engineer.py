"""The engineer: carries out the plan in the session that led to it, and goes on there with what came of the change."""

from __future__ import annotations

import json
from typing import ClassVar

from agent.team.base import ChangeMessage, TeamRole
from agent.team.edits import EditAction
from agent.team.handover import handover
from agent.team.messages import PARTS_WANTED, PLAN_APPROVED, REVISION_WANTED
from agent.team.prompts import render
from agent.team.tool_limits import BY_ROLE, BY_ROLE_TOOLS
from agent.team.write_part import WritePart

MAX_TOKENS = 32_000


class WriteCode(EditAction):
    """Makes the change with its tools, or answers with files or edits."""

    async def act(self, content: str) -> ChangeMessage:
        question = render(
            "write_code",
            handover=handover(self.work, self.work.planned_files()),
            limits=BY_ROLE["engineer"].told(),
            style=self.work.commit_style,
            format=self.work.answer_format(),
        )
        tools = BY_ROLE_TOOLS["engineer"]
        return ChangeMessage(
            await self.ask_for_change(self.work.session, question, key="write/0", max_tokens=MAX_TOKENS, tools=tools)
        )


class ReviseCode(EditAction):
    """Content: JSON {round, problem}. Changes more, or answers with files or edits."""

    async def act(self, content: str) -> ChangeMessage:
        wanted = json.loads(content)
        question = render("revise_code", problem=wanted["problem"], format=self.work.answer_format())
        key, tools = f"write/{wanted['round']}", BY_ROLE_TOOLS["engineer"]
        return ChangeMessage(
            await self.ask_for_change(self.work.session, question, key=key, max_tokens=MAX_TOKENS, tools=tools, fresh=True)
        )


class Engineer(TeamRole):
    role_name: ClassVar[str] = "engineer"
    handles: ClassVar = {PLAN_APPROVED: WriteCode, PARTS_WANTED: WritePart, REVISION_WANTED: ReviseCode}
