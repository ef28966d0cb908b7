"""Carries out the tool calls of a conversation: each is a step of the journal and an event, and has an answer for the model."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from agent.ports import ChatMessage, JSONObject, StepEvent, ToolCall
from agent.prompt_blocks import block
from agent.team.phase_context import PhaseContext
from agent.team.tool_limits import MAX_CALLS_AT_ONCE, Bounds
from agent.tools import Toolbox, ToolResult, canonical

SHOWN = 200
"""Characters of a call's arguments in the event log."""
AGAIN = "You have already made this call, and its result is the same. Do something else, or answer."


class ToolSession:
    """The tools of one role in one conversation. ``left`` falls with every call."""

    def __init__(self, work: PhaseContext, key: str, role: str, tools: Sequence[str], bounds: Bounds) -> None:
        self._work = work
        self._key = key
        self._role = role
        self._tools = tools
        self._rounds = bounds.rounds
        self._calls = bounds.calls
        self._characters = bounds.characters
        self._outputs: list[str] = []

    @property
    def is_open(self) -> bool:
        return bool(self._tools) and self._rounds > 0 and self._calls > 0 and self._characters > 0

    async def carry_out(self, calls: Sequence[ToolCall], step: str) -> list[ChatMessage]:
        """The results as messages, one for each call, in their order."""
        self._rounds -= 1
        messages: list[ChatMessage] = []
        for number, named in enumerate(calls, 1):
            call: ToolCall = {**named, "name": canonical(named["name"])}
            text = await self._one(call, f"{step}/{number}", number)
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": text})
        return messages

    async def _one(self, call: ToolCall, step: str, number: int) -> str:
        if number > MAX_CALLS_AT_ONCE or self._calls <= 0 or self._characters <= 0:
            return "Not executed: too many calls at once."
        self._calls -= 1
        result = await self._journaled(call, step)
        self._work.has_read(result.read)
        text = result.text[: self._characters]
        if len(text) < len(result.text):
            text += "\n(cut off: the context is full)"
        self._characters -= len(text)
        repeats = self._work.loops.record_call(self._key, call["name"], call["arguments"], result.text)
        shown = block("tool_result", text)
        return f"{AGAIN}\n{shown}" if repeats > 1 else shown

    async def _journaled(self, call: ToolCall, step: str) -> ToolResult:
        work = self._work
        work.ports.cancel.check()
        name, arguments = call["name"], call["arguments"]
        run: ToolResult | None = None
        started = time.monotonic()
        if name == "run" and name in self._tools:
            run = await self._call(call, step)  # its command is a step of its own, between its own events

        async def act() -> JSONObject:
            result = run if run is not None else await self._call(call, step)
            return {**result.to_json(), "duration_ms": round((time.monotonic() - started) * 1000)}

        def announce(result: JSONObject) -> StepEvent:
            return _called(self._role, name, arguments, result)

        # the arguments as text: what a model writes may hold numbers that JSON does not know
        inputs = {"tool": name, "arguments": json.dumps(arguments, sort_keys=True), "raw": call.get("raw", "")}
        return ToolResult.from_json(
            _known(await work.ports.journal.step(f"{work.key}/{step}", "read", inputs, act, announce=announce))
        )

    async def _call(self, call: ToolCall, step: str) -> ToolResult:
        name = call["name"]
        if name not in self._tools:
            return ToolResult(f"There is no tool {name[:40]!r}. Your tools: {', '.join(self._tools)}.", is_error=True)
        if call.get("raw"):
            return ToolResult("The arguments are not a JSON object. Send one, with double quotes.", is_error=True)
        work = self._work
        box = Toolbox(
            work.root, work.commands.step(f"{step}/run"), work.profile, map_cache=work.ports.map_cache, outputs=self._outputs
        )
        return await box.call(name, call["arguments"])


def _known(result: JSONObject) -> JSONObject:
    return {key: value for key, value in result.items() if key != "duration_ms"}


def _called(role: str, tool: str, arguments: JSONObject, result: JSONObject) -> StepEvent:
    said = ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in arguments.items())
    said = "".join(character if character.isprintable() else " " for character in said)
    short = said if len(said) <= SHOWN else said[:SHOWN] + "…"
    name = "".join(character for character in tool if character.isprintable())[:40]
    data = {"role": role, "tool": name, "arguments": short, "ok": not result["is_error"], "duration_ms": result["duration_ms"]}
    return StepEvent("tool_called", data, f"{name}({short})")
