"""One question to a role and its answer, with a bounded number of tool-call rounds."""

from __future__ import annotations

from collections.abc import Sequence

from agent.ports import ChatMessage, ModelCompletion, ModelRequest
from agent.team.phase_context import PhaseContext
from agent.team.prompts import render
from agent.team.steering import append_steering
from agent.team.tool_limits import BY_ROLE, FEWEST
from agent.team.tool_session import ToolSession
from agent.tools import specs


class Conversation:
    """``key`` names its first model call within the phase; later ones are ``{key}/t1`` and so on, the calls of tools between
    them ``{key}/t1/1``. ``told`` is what people said before it began."""

    def __init__(
        self,
        work: PhaseContext,
        key: str,
        role: str,
        action: str,
        *,
        max_tokens: int,
        tools: Sequence[str] = (),
        fresh: bool = False,
        steering: Sequence[str] | None = None,
    ) -> None:
        self._work = work
        self._key = key
        self._role = role
        self._action = action
        self._max_tokens = max_tokens
        self._fresh = fresh
        # where nothing is there yet, there is nothing to look at
        self._tools = tuple(tools) if work.view.files else ()
        self._steering = work.steering.so_far() if steering is None else tuple(steering)

    async def hold(self, messages: Sequence[ChatMessage]) -> ModelCompletion:
        """The answer: the first completion that asks for no tool, or the one that may ask for none any more."""
        work = self._work
        work.steering.begins(self._key)
        bounds = BY_ROLE.get(self._role, FEWEST)
        session = ToolSession(work, self._key, self._role, self._tools, bounds)
        talk = append_steering(messages, self._steering)
        turn = 0
        while True:
            key = f"{self._key}/t{turn}" if turn else self._key
            talk = append_steering(talk, await self._claim(key))
            offered = self._tools if session.is_open else ()
            request = ModelRequest(
                key=f"{work.key}/{key}",
                role=self._role,
                action=self._action,
                messages=talk,
                task=work.spec.text,
                stack=work.stack_id,
                max_tokens=self._max_tokens,
                tools=specs(offered),
                bypass_cache=self._fresh,
            )
            completion = await work.calls.complete(request)
            if not completion.tool_calls or not offered:
                return completion
            turn += 1
            talk.append({"role": "assistant", "content": completion.text, "tool_calls": completion.tool_calls})
            talk += await session.carry_out(completion.tool_calls, f"{self._key}/t{turn}")
            if not session.is_open:
                talk.append({"role": "user", "content": render("answer_now")})

    async def _claim(self, key: str) -> Sequence[str]:
        said = tuple(await self._work.ports.steering.claim(f"{self._work.key}/{key}"))
        if said:
            self._work.steering.add(self._key, said)
            self._work.loops.reset()
        return said
