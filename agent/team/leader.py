"""The team leader: understands the task and plans it, in one answer."""

from __future__ import annotations

import json
from typing import ClassVar

from agent import stacks
from agent.prompt_blocks import block
from agent.team.base import TeamRole
from agent.team.messages import TASK_GIVEN
from agent.team.parsing.schemas import PlanAnswer
from agent.team.phase_context import plan_text
from agent.team.prompts import render, render_if_there
from agent.team.structured import StructuredAction
from agent.team.tool_limits import BY_ROLE

_KINDS = {
    "api": "an HTTP API",
    "webapp": "an application in the browser",
    "fullstack": "a web application with server and pages",
    "devops": "files that build and run what is there,",
}


class DraftPlan(StructuredAction):
    """Content: why a stack was inferred. Answers with a ``PlanAnswer``."""

    async def act(self, content: str) -> str:
        question = render(
            "draft_plan",
            limits=BY_ROLE["team_leader"].told(),
            stack=self._stack(content),
            feedback=self._feedback(),
            rejected=self._rejected(),
        )
        answer = await self.ask_for(PlanAnswer, self.work.session, question, key="draft", max_tokens=8_000)
        return answer.model_dump_json()

    def _stack(self, evidence: str) -> str:
        """What to say of the stack: nothing more where it is settled."""
        if self.work.stack_id is not None:
            return render_if_there("stack_settled", stack=json.dumps(self.work.stack.id if self.work.stack else None))
        lines = (f"{one.id}: {one.title}; {_KINDS[one.project_type]} in {one.language}" for one in stacks.catalogue())
        return render("stack_open", catalogue=block("catalogue", "\n".join(lines)), evidence=evidence).strip()

    def _feedback(self) -> str:
        if not self.work.feedback:
            return ""
        said = block("feedback", "\n".join(self.work.feedback))
        return f"What people said about earlier plans, and their answers; it counts above the task:\n{said}\n\n"

    def _rejected(self) -> str:
        if not self.work.rejected:
            return ""
        return (
            "This plan was rejected. Improve it, and keep what nobody objected to; people may have edited parts of it:\n"
            + block("rejected_plan", plan_text(self.work.rejected))
            + "\n\n"
        )


class TeamLeader(TeamRole):
    role_name: ClassVar[str] = "team_leader"
    handles: ClassVar = {TASK_GIVEN: DraftPlan}
