"""Writes independent parts of a plan concurrently."""

from __future__ import annotations

import json
from collections.abc import Sequence

from agent.concurrency import gather_or_cancel
from agent.ports import JSONObject
from agent.team.answers import ChangeAnswer
from agent.team.base import ChangeMessage
from agent.team.edits import EditAction
from agent.team.handover import handover
from agent.team.prompts import render
from agent.team.session import Session
from agent.team.tool_limits import LOOKING

MAX_TOKENS = 32_000


class WritePart(EditAction):
    """Content: JSON list of {steps: numbers in the plan, files}. Answers with the edits of each part, in their order."""

    async def act(self, content: str) -> ChangeMessage:
        parts = json.loads(content)
        session, steering = self.work.session, self.work.steering.so_far()
        told = handover(self.work, self.work.planned_files())
        sessions = [session.fork() for _ in parts]
        answers = await gather_or_cancel(
            [
                self._write(part, fork, told, number, steering)
                for number, (part, fork) in enumerate(zip(parts, sessions, strict=True), 1)
            ]
        )
        session.say(render("parts_written", handover=told))
        for fork in sessions:
            session.shown |= fork.shown
        edits = [edits for answer in answers for edits in answer.edits]
        session.answer({"role": "assistant", "content": ChangeAnswer(edits).text})
        return ChangeMessage(ChangeAnswer(edits))

    async def _write(self, part: JSONObject, session: Session, told: str, number: int, steering: Sequence[str]) -> ChangeAnswer:
        question = render(
            "write_part",
            handover=told,
            steps=" and ".join(map(str, part["steps"])),
            files=", ".join(part["files"]),
            format=self.work.answer_format(),
        )
        return await self.ask_for_change(
            session, question, key=f"write/0/{number}", max_tokens=MAX_TOKENS, tools=LOOKING, steering=steering
        )
