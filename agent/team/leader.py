"""The team leader: understands the task and plans it."""

from __future__ import annotations

import json
from typing import ClassVar

from agent import stacks
from agent.team.answers import Analysis, Plan
from agent.team.base import TeamRole
from agent.team.prompts import render
from agent.team.structured import StructuredAction
from agent.team.triggers import TASK_ANALYZED, TASK_GIVEN


class AnalyzeTask(StructuredAction):
    """Content: why a stack was inferred. Answers with an ``Analysis``."""

    async def act(self, content: str) -> str:
        known = ", ".join(stack.id for stack in stacks.catalogue())
        prompt = render("analyze_task", situation=self.work.situation(), stacks=known, evidence=content)
        return (await self.ask_for(Analysis, prompt, key="analyze", max_tokens=2_000)).model_dump_json()


class DraftPlan(StructuredAction):
    """Content: the analysis. Answers with a ``Plan``."""

    async def act(self, content: str) -> str:
        prompt = render("draft_plan", situation=self.work.situation(), analysis=json.loads(content)["summary"])
        return (await self.ask_for(Plan, prompt, key="draft", max_tokens=6_000)).model_dump_json()


class TeamLeader(TeamRole):
    role_name: ClassVar[str] = "team_leader"
    handles: ClassVar = {TASK_GIVEN: AnalyzeTask, TASK_ANALYZED: DraftPlan}
