"""The tester: runs the tests, and adds those that are missing where the run says that some are."""

from __future__ import annotations

import json
from typing import ClassVar

from agent.team.base import ChangeMessage, TeamAction, TeamRole
from agent.team.edits import EditAction
from agent.team.messages import TESTS_MISSING, TESTS_WANTED
from agent.team.prompts import render
from agent.team.tool_limits import BY_ROLE, BY_ROLE_TOOLS
from agent.team.verification import try_out


class WriteTest(EditAction):
    """Content: what is not tested. Answers with a FILE manifest or edits, makes them with its tools, or says NO CHANGE."""

    async def act(self, content: str) -> ChangeMessage:
        question = render("write_test", missing=content, limits=BY_ROLE["tester"].told())
        tools = BY_ROLE_TOOLS["tester"]
        return ChangeMessage(
            await self.ask_for_change(self.work.session, question, key="write_test", max_tokens=16_000, tools=tools)
        )


class RunTests(TeamAction):
    """Content: JSON {round, changed: line numbers by path}. Answers with the data of ``tests_finished``; asks no model."""

    async def act(self, content: str) -> str:
        wanted = json.loads(content)
        return json.dumps(await try_out(self.work, str(wanted["round"]), wanted["changed"]))


class Tester(TeamRole):
    role_name: ClassVar[str] = "tester"
    handles: ClassVar = {TESTS_MISSING: WriteTest, TESTS_WANTED: RunTests}
