"""The tester: adds the tests that are missing, and runs them all."""

from __future__ import annotations

import json
from typing import ClassVar

from agent.prompt_blocks import block
from agent.team.base import EditsMessage, TeamAction, TeamRole
from agent.team.edits import EditAction
from agent.team.messages import CODE_LANDED, TESTS_WANTED
from agent.team.prompts import render
from agent.team.tool_limits import BY_ROLE_TOOLS
from agent.team.verification import try_out


class WriteTest(EditAction):
    """Content: the change as text. Answers with a FILE manifest, or with NO CHANGE."""

    async def act(self, content: str) -> EditsMessage:
        prompt = render(
            "write_test", situation=self.work.situation(), plan=self.work.plan_block(), change=block("change", content)
        )
        tools = BY_ROLE_TOOLS["tester"]
        return EditsMessage([await self.ask_for_edits(prompt, key="write_test", max_tokens=16_000, tools=tools)])


class RunTests(TeamAction):
    """Content: JSON {round, changed: line numbers by path}. Answers with the data of ``tests_finished``; asks no model."""

    async def act(self, content: str) -> str:
        wanted = json.loads(content)
        return json.dumps(await try_out(self.work, str(wanted["round"]), wanted["changed"]))


class Tester(TeamRole):
    role_name: ClassVar[str] = "tester"
    handles: ClassVar = {CODE_LANDED: WriteTest, TESTS_WANTED: RunTests}
