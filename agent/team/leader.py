"""The team leader: understands the task and plans it."""

from __future__ import annotations

import json
from typing import ClassVar

from agent import stacks
from agent.prompt_blocks import block
from agent.team.base import TeamRole
from agent.team.messages import TASK_ANALYZED, TASK_GIVEN
from agent.team.parsing.schemas import Analysis, PlanAnswer
from agent.team.phase_context import FOR_PEOPLE
from agent.team.prompts import render
from agent.team.structured import StructuredAction

_KINDS = {
    "api": "an HTTP API",
    "webapp": "an application in the browser",
    "fullstack": "a web application with server and pages",
    "devops": "files that build and run what is there,",
}


class AnalyzeTask(StructuredAction):
    """Content: why a stack was inferred. Answers with an ``Analysis``."""

    async def act(self, content: str) -> str:
        evidence = f"\n\n{content}" if content else ""
        prompt = render("analyze_task", situation=self.work.situation(), catalogue=_catalogue(), evidence=evidence)
        return (await self.ask_for(Analysis, prompt, key="analyze", max_tokens=2_000)).model_dump_json()


def _catalogue() -> str:
    """A line for each stack: its id, its title and what it is for."""
    lines = (f"{one.id}: {one.title}; {_KINDS[one.project_type]} in {one.language}" for one in stacks.catalogue())
    return block("catalogue", "\n".join(lines))


class DraftPlan(StructuredAction):
    """Content: the analysis. Answers with a ``PlanAnswer``."""

    async def act(self, content: str) -> str:
        analysis = json.loads(content)["summary"]
        prompt = render("draft_plan", situation=self.work.situation(), analysis=analysis, rejected=self._rejected())
        return (await self.ask_for(PlanAnswer, prompt, key="draft", max_tokens=6_000)).model_dump_json()

    def _rejected(self) -> str:
        if not self.work.rejected:
            return ""
        plan = {name: value for name, value in self.work.rejected.items() if name not in FOR_PEOPLE}
        return (
            "This plan was rejected. Improve it, and keep what nobody objected to; people may have edited parts of it:\n"
            + block("rejected_plan", json.dumps(plan, indent=1, ensure_ascii=False))
        )


class TeamLeader(TeamRole):
    role_name: ClassVar[str] = "team_leader"
    handles: ClassVar = {TASK_GIVEN: AnalyzeTask, TASK_ANALYZED: DraftPlan}
