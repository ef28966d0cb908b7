"""Carries out the tool calls of a conversation: each is a step of the journal and an event, and has an answer for the model."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from agent.patch import detect
from agent.ports import JSONObject, StepEvent, ToolCall
from agent.prompt_blocks import block
from agent.team.edit_call import edits_of
from agent.team.parsing.thoughts import without_thoughts
from agent.team.phase_context import PhaseContext
from agent.team.run_environment import prepare
from agent.team.session import Session
from agent.team.tool_limits import MAX_CALLS_AT_ONCE, Bounds
from agent.tools import Toolbox, ToolResult, meant

SHOWN = 200
"""Characters of a call's arguments in the event log."""
SAME = "Nothing new: this stands above already, and has not changed."
AGAIN = "You have already made this call, and its result is the same. Do something else, or answer."
MAX_SAID = 8_000
"""Characters of what is said of edits in a text."""
WORTH_A_WORD = 400
"""A result of fewer characters is said again sooner than pointed to."""
UNFINISHED = "Not finished: an edit that you sent with this was not applied. See why above, send it again, and then finish."
UNPROVED = "Not finished: a command that you sent before this has failed. See above, correct what is wrong, and then finish."
NOT_NOW = {
    "edit": "Files are not changed at this point. Use the tools that look, and answer as you were asked.",
    "finish": "There is nothing to finish at this point. Answer as you were asked.",
    "run": "Commands are not run at this point. Use the tools that read.",
}


class ToolSession:
    """The tools of one role in one conversation: every role is offered the same, and may use ``allowed``."""

    def __init__(
        self, work: PhaseContext, session: Session, key: str, role: str, allowed: Sequence[str], bounds: Bounds
    ) -> None:
        self._work = work
        self._session = session
        self._key = key
        self._role = role
        self._allowed = allowed
        self._turns = bounds.turns
        self._calls = bounds.calls
        self._characters = bounds.characters
        self._failed = False
        self._was_told = False

    @property
    def is_open(self) -> bool:
        return bool(self._allowed) and self._turns > 0 and self._calls > 0 and self._characters > 0

    async def take_text(self, text: str, calls: Sequence[ToolCall], step: str) -> str:
        """Some models write their edits beside their calls: they are made first, as by a call of ``edit``. Returns what came of
        it; "" where there are none, or where a call says the same."""
        self._failed = False
        is_said = any(meant(call["name"], call["arguments"])[0] == "edit" for call in calls)
        # no more than the formats that are edits for certain: what stands in a fence may be an example
        if "edit" not in self._allowed or is_said or detect(without_thoughts(text)) is None:
            return ""
        given: ToolCall = {"id": "", "name": "edit", "arguments": {"patch": text}}
        result = await self._carried_out(given, f"{step}/0")
        self._failed = result.is_error
        self._work.loops.record_call(self._key, "edit", given["arguments"], result.text)
        return f"The edits in your text:\n{block('tool_result', result.text[:MAX_SAID])}"

    async def carry_out(self, calls: Sequence[ToolCall], step: str) -> JSONObject | None:
        """Puts the results into the session, one for each call, in their order. Returns the arguments of the first ``finish``
        that is accepted; what stands behind it is not carried out. It needs that each edit before it was applied and, the
        first time, that each command before it ended well: who insists is judged by the proof, for a command may fail for
        reasons that are not of the change."""
        self._turns -= 1
        finished: JSONObject | None = None
        refused = self._failed
        unproved = False
        for number, named in enumerate(calls, 1):
            name, arguments = meant(named["name"], named["arguments"])
            call: ToolCall = {**named, "name": name, "arguments": arguments}
            if finished is not None:
                text = "Not executed: you have finished."
            elif call["name"] == "finish" and "finish" in self._allowed and refused:
                text = UNFINISHED
            elif call["name"] == "finish" and "finish" in self._allowed and unproved and not self._was_told:
                text = UNPROVED
                self._was_told = True
            elif call["name"] == "finish" and "finish" in self._allowed:
                finished = call["arguments"]
                text = "Finished. What comes of it follows."
            else:
                text = await self._one(call, f"{step}/{number}", number)
                refused |= call["name"] == "edit" and self._failed
                unproved |= call["name"] == "run" and self._failed
            self._session.answer({"role": "tool", "tool_call_id": call["id"], "content": text})
        return finished

    async def _one(self, call: ToolCall, step: str, number: int) -> str:
        if number > MAX_CALLS_AT_ONCE:
            return f"Not executed: more than {MAX_CALLS_AT_ONCE} calls at once."
        if (self._calls <= 0 or self._characters <= 0 or self._turns < 0) and call["name"] != "edit":
            return "Not executed: your tool calls are used up."
        self._calls -= 1
        result = await self._carried_out(call, step)
        known = call["name"] == "read" and self._session.shows(result.read) and len(result.read) == _asked_for(call)
        self._failed = result.is_error or result.has_failed
        if not result.is_error:
            self._session.remember(call["id"], result.read)
        text = result.text[: max(self._characters, 0)]
        if len(text) < len(result.text):
            text += "\n(cut off: the context is full)"
        self._characters -= len(text)
        repeats = self._work.loops.record_call(self._key, call["name"], call["arguments"], result.text)
        if (self._session.is_known(text) and len(text) > WORTH_A_WORD) or known:
            return SAME
        shown = block("tool_result", text)
        return f"{AGAIN}\n{shown}" if repeats > 1 else shown

    async def _carried_out(self, call: ToolCall, step: str) -> ToolResult:
        self._work.ports.cancel.check()
        name = call["name"]
        started = time.monotonic()
        if name in ("edit", "run") and name in self._allowed and not call.get("raw"):
            # a step of its own, which the change of files is recorded with
            result = await (self._edited(call, step) if name == "edit" else self._looked_up(call, step))
            return await self._recorded(call, step, started, result)
        return await self._recorded(call, step, started)

    async def _recorded(self, call: ToolCall, step: str, started: float, done: ToolResult | None = None) -> ToolResult:
        name, arguments = call["name"], call["arguments"]

        async def act() -> JSONObject:
            result = done if done is not None else await self._looked_up(call, step)
            return {**result.to_json(), "duration_ms": round((time.monotonic() - started) * 1000)}

        def announce(result: JSONObject) -> StepEvent:
            return _called(self._role, name, arguments, result)

        # the arguments as text: what a model writes may hold numbers that JSON does not know
        inputs = {"tool": name, "arguments": json.dumps(arguments, sort_keys=True), "raw": call.get("raw", "")}
        found = await self._work.ports.journal.step(f"{self._work.key}/{step}", "read", inputs, act, announce=announce)
        return ToolResult.from_json({key: value for key, value in found.items() if key != "duration_ms"})

    async def _edited(self, call: ToolCall, step: str) -> ToolResult:
        edits = edits_of(self._work.root, call["arguments"])
        if isinstance(edits, str):
            return ToolResult(edits, is_error=True)
        editor = self._work.editor
        assert editor is not None, "only roles that work on a change may edit"
        return await editor.edit(edits, f"{step}/edit")

    async def _looked_up(self, call: ToolCall, step: str) -> ToolResult:
        name = call["name"]
        if name not in self._allowed and name in NOT_NOW:
            return ToolResult(NOT_NOW[name], is_error=True)
        if call.get("raw"):
            return ToolResult("The arguments are not a JSON object. Send one, with double quotes.", is_error=True)
        work = self._work
        if name == "run":
            await prepare(work)
        box = Toolbox(
            work.root, work.commands.step(f"{step}/run"), work.profile, map_cache=work.ports.map_cache, outputs=work.outputs,
            keep=work.editor.may_keep if work.editor is not None and "edit" in self._allowed else None,
        )  # fmt: skip
        result = await box.call(name, call["arguments"])
        if result.kept and work.editor is not None:
            work.editor.has_kept(result.kept)
        return result


def _asked_for(call: ToolCall) -> int:
    paths = call["arguments"].get("paths")
    return len(paths) if isinstance(paths, list) else 1


def _called(role: str, tool: str, arguments: JSONObject, result: JSONObject) -> StepEvent:
    said = ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in arguments.items())
    said = "".join(character if character.isprintable() else " " for character in said)
    short = said if len(said) <= SHOWN else said[:SHOWN] + "…"
    name = "".join(character for character in tool if character.isprintable())[:40]
    data = {"role": role, "tool": name, "arguments": short, "ok": not result["is_error"], "duration_ms": result["duration_ms"]}
    return StepEvent("tool_called", data, f"{name}({short})")
