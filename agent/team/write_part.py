"""Writes independent parts of a plan concurrently."""

from __future__ import annotations

import json
from collections.abc import Sequence

from agent.concurrency import gather_or_cancel
from agent.patch import Edits
from agent.ports import JSONObject
from agent.team.base import EditsMessage
from agent.team.edits import EditAction
from agent.team.prompts import render
from agent.team.tool_limits import LOOKING

MAX_TOKENS = 32_000


class WritePart(EditAction):
    """Content: JSON list of {steps: numbers in the plan, files}. Answers with the edits of each part, in their order."""

    async def act(self, content: str) -> EditsMessage:
        parts = json.loads(content)
        steering = self.work.steering.so_far()
        return EditsMessage(
            await gather_or_cancel([self._write(part, number, steering) for number, part in enumerate(parts, 1)])
        )

    async def _write(self, part: JSONObject, number: int, steering: Sequence[str]) -> Edits:
        prompt = render(
            "write_part",
            steps=" and ".join(map(str, part["steps"])),
            files=", ".join(part["files"]),
            situation=self.work.situation(),
            plan=self.work.plan_block(),
            format=self.work.answer_format(),
        )
        return await self.ask_for_edits(
            prompt, key=f"write/0/{number}", max_tokens=MAX_TOKENS, tools=LOOKING, steering=steering
        )
