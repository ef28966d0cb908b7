"""One question to a role in a session, and its answer, with a bounded number of tool calls in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agent.ports import JSONObject, ModelCompletion, ModelRequest
from agent.team.parsing.thoughts import without_thoughts
from agent.team.phase_context import PhaseContext
from agent.team.prompts import render
from agent.team.session import Session
from agent.team.tool_limits import BY_ROLE, FEWEST, OFFERED
from agent.team.tool_session import ToolSession
from agent.tools import meant, specs

CHANCES = 3
"""So many answers of a role whose calls are used up may be calls again, before the run pauses for want of any change."""


@dataclass(frozen=True)
class Reply:
    """What a role said in the end. ``finish`` are the arguments of its call of that tool; None: it answered in words."""

    completion: ModelCompletion
    finish: JSONObject | None = None


class Conversation:
    """``key`` names its first model call within the phase; later ones are ``{key}/t1`` and so on, the calls of tools between
    them ``{key}/t1/1``. ``steering`` is what people had said before it began, for one that is held beside others: what those
    are told is not for this one, and would come in no certain order. None: all that anybody was told. ``accepts`` says whether
    a text is the answer that is asked for, where it comes as the arguments of a call."""

    def __init__(
        self,
        work: PhaseContext,
        session: Session,
        key: str,
        role: str,
        action: str,
        *,
        max_tokens: int,
        tools: tuple[str, ...] = (),
        fresh: bool = False,
        steering: Sequence[str] | None = None,
        accepts: Callable[[str], bool] | None = None,
    ) -> None:
        self._work = work
        self._session = session
        self._key = key
        self._role = role
        self._action = action
        self._max_tokens = max_tokens
        self._fresh = fresh
        self._tools = tools
        self._accepts = accepts
        self._steering = None if steering is None else list(steering)

    async def hold(self, question: str) -> Reply:
        """The first completion that asks for no tool, that calls ``finish``, or that may call none any more."""
        work, session = self._work, self._session
        work.steering.begins(self._key)
        session.say(question)
        session.steer(self._said())
        tools = ToolSession(work, session, self._key, self._role, self._tools, BY_ROLE.get(self._role, FEWEST))
        edits = work.editor.edits if work.editor is not None else 0
        turn = told = 0
        while True:
            key = f"{self._key}/t{turn}" if turn else self._key
            await self._claim(key)
            last = not tools.is_open
            offered = () if last and "finish" not in self._tools else OFFERED
            completion = await work.calls.complete(self._request(key, offered))
            if work.calls.was_cut:
                session.forget_results()
            if not completion.tool_calls or not offered:
                session.answer({"role": "assistant", "content": completion.text})
                return Reply(replace(completion, tool_calls=()))
            turn += 1
            if (said := self._answer_in(completion)) is not None:
                session.answer({"role": "assistant", "content": said})
                return Reply(replace(completion, text=said, tool_calls=()))
            session.answer({"role": "assistant", "content": completion.text, "tool_calls": completion.tool_calls})
            step = f"{self._key}/t{turn}"
            made = await tools.take_text(completion.text, completion.tool_calls, step)
            finish = await tools.carry_out(completion.tool_calls, step)
            if made:
                session.say(made)
            if last and finish is None and work.editor is not None and work.editor.edits == edits:
                told += 1
                if told < CHANCES:
                    session.say(render("finish_now"))
                    continue
                work.loops.record_nothing_done(self._role)
            if finish is not None or last:
                return Reply(completion, finish if finish is not None else {"summary": without_thoughts(completion.text)})
            if not tools.is_open:
                session.say(render("finish_now" if "finish" in self._tools else "answer_now"))

    def _answer_in(self, completion: ModelCompletion) -> str | None:
        """The answer of a role that sends it as the arguments of ``finish``, which is not there for it."""
        if self._accepts is None:
            return None
        sent = [call["arguments"] for call in completion.tool_calls if meant(call["name"], {})[0] == "finish"]
        texts = [json.dumps(arguments, ensure_ascii=False) for arguments in sent]
        return next((text for text in texts if self._accepts(text)), None)

    def _request(self, key: str, offered: tuple[str, ...]) -> ModelRequest:
        work = self._work
        return ModelRequest(
            key=f"{work.key}/{key}",
            role=self._role,
            action=self._action,
            messages=list(self._session.messages),
            task=work.spec.text,
            stack=work.stack_id,
            max_tokens=self._max_tokens,
            tools=specs(offered) if self._tools else (),
            bypass_cache=self._fresh,
        )

    async def _claim(self, key: str) -> None:
        said = tuple(await self._work.ports.steering.claim(f"{self._work.key}/{key}"))
        if not said:
            return
        self._work.steering.add(self._key, said)
        if self._steering is not None:
            self._steering += said
        self._session.steer(self._said())
        self._work.loops.reset()

    def _said(self) -> Sequence[str]:
        return self._work.steering.so_far() if self._steering is None else self._steering
