"""A completion while it is streamed: its text, its tool calls, and the usage that the endpoint reports."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.models.answer_room import answer_room
from agent.models.extras import Extras, with_extras
from agent.patterns import linear
from agent.ports import JSONObject, ModelRequest, ToolCall
from agent.token_estimates import estimate_weight

MAX_REASONING_TOKENS = 32_000
"""Of thinking that is streamed beside the answer, on top of the answer's own limit."""
MAX_UNSEEN_THOUGHT = 200_000
"""Tokens of thinking that an endpoint may bill without streaming it."""
SPARSEST, DENSEST = 16, 4
"""How far reported usage may be below and above the local estimate, as factors."""
UNSEEN = 20_000
"""Tokens of a prompt that an endpoint may add itself."""
MAX_RAW = 2_000
_ANSWERS = linear(r"(?m)\{\s*[\"']|```|FILE:|^diff --git |^--- |^\*\*\* Begin|<{5}")
"""How objects, files and edits begin."""
MAX_CALLS = 64
"""More in one answer is a loop: the rest is dropped."""


@dataclass(frozen=True)
class Usage:
    """``tokens_in`` holds ``cached`` (read from the provider's prompt cache) and ``written`` (put there)."""

    tokens_in: int
    tokens_out: int
    cached: int = 0
    written: int = 0


@dataclass
class CallParts:
    """One tool call whose pieces are still coming. ``extras`` is what the provider wants back with it."""

    id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    extras: Extras = field(default_factory=Extras)

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)


class StreamedCompletion:
    """``limit`` is in tokens, by the upper estimate; ``full`` says that it is passed. ``arrived``: the endpoint has answered
    something, ``begun``: a part of a completion. ``extras`` is what the provider wants back with the message."""

    def __init__(self, request: ModelRequest, limit: int, on_text: Callable[[str], None]) -> None:
        self.finish_reason = ""
        self.usage: Usage | None = None
        self.refusal = ""
        self.arrived = False
        self.begun = False
        self.extras = Extras()
        self._room = answer_room.get()
        self._on_text = on_text
        self._limit = limit
        self._parts: list[str] = []
        self._weight = 0
        self._thought = 0
        self._thoughts: list[str] = []
        self._calls: list[CallParts] = []
        self._at: dict[int, CallParts] = {}
        self._taken = {call["id"] for message in request.messages for call in message.get("tool_calls", ())}

    @property
    def text(self) -> str:
        return "".join(self._parts)

    @property
    def full(self) -> bool:
        return self._weight > 6 * self._limit or self._thought > 6 * (self._limit + MAX_REASONING_TOKENS)

    async def may_go_on(self) -> bool:
        """Whether the budget lets it; if not, it ends here as one that became too long."""
        if self._room is None or await self._room.allow((self._weight + self._thought) // 6):
            return True
        self.finish_reason = "length"
        return False

    def add_text(self, text: str) -> None:
        self.begun = True
        self._parts.append(text)
        self._weight += estimate_weight(text)
        self._on_text(text)

    def add_thought(self, text: str) -> None:
        """Thinking is not part of the answer and is not shown; it counts where the endpoint reports no usage."""
        self.begun = True
        self._thoughts.append(text)
        weight = estimate_weight(text)
        self._thought += weight
        if self._room is not None:
            self._room.thought += weight

    def take_thought_for_text(self) -> None:
        """Where nothing else came to a regular end, it is the answer: some servers' parsers of thinking take everything for it
        when thinking is switched off. What comes to an answer only after a while is a thought with a draft in it."""
        thought = "".join(self._thoughts).lstrip()
        draft = _ANSWERS.search(thought)
        is_answer = draft is None or draft.start() == 0
        if self.finish_reason == "stop" and is_answer and not self.calls() and not self.refusal and not self.text.strip():
            thoughts, self._thoughts, self._thought = self._thoughts, [], 0
            for text in thoughts:
                self.add_text(text)

    def add_call(
        self,
        index: int | None,
        id: str | None,
        name: str | None,
        arguments: object,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """A piece of a tool call. Servers differ: ids come once, with each piece, or never; some give every call index 0."""
        self.begun = True
        at = index if index is not None else len(self._calls) - 1
        call = self._at.get(at)
        if call is None or (id and call.id and id != call.id) or (name and not id and _is_whole(call)):
            if len(self._calls) >= MAX_CALLS:
                self._weight = 6 * self._limit + 1
                return
            call = CallParts()
            self._calls.append(call)
            self._at[at if index is not None else len(self._calls) - 1] = call
        call.id = call.id or id or ""
        if name and name != call.name:
            call.name += name
        piece = arguments if isinstance(arguments, str) else "" if arguments is None else json.dumps(arguments)
        call.pieces.append(piece)
        call.extras.add(extra)
        self._weight += estimate_weight(piece)

    def calls(self, provider: str = "", model: str = "") -> list[ToolCall]:
        """The calls that name a tool, each with an id that no other call of the conversation has, and with what the provider
        wants back."""
        taken, calls, named = set(self._taken), [], []
        for part in self._calls:
            if not part.name:
                continue
            number = len(taken)
            id = part.id
            while not id or id in taken:
                id = f"call_{number}"
                number += 1
            taken.add(id)
            named.append(part)
            calls.append(_tool_call(id, part.name, part.arguments))
        if self.extras.lost or any(part.extras.lost for part in named):
            return calls
        return with_extras(calls, provider, model, self.extras.whole(), [part.extras.whole() for part in named])

    def estimate_out(self) -> int:
        """The upper estimate of what arrived, thinking included."""
        return (self._weight + self._thought) // 6 + 1


def parse_arguments(text: str) -> JSONObject | None:
    """The arguments of a tool call; None if ``text`` is not a JSON object. Empty text means no arguments."""
    if not text.strip():
        return {}
    try:
        value: Any = json.loads(text, strict=False)
        if isinstance(value, str):  # some servers encode them twice
            value = json.loads(value, strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _tool_call(id: str, name: str, text: str) -> ToolCall:
    arguments = parse_arguments(text)
    if arguments is None:
        return {"id": id, "name": name, "arguments": {}, "raw": text[:MAX_RAW]}
    return {"id": id, "name": name, "arguments": arguments}


def _is_whole(call: CallParts) -> bool:
    return bool(call.arguments.strip()) and parse_arguments(call.arguments) is not None


def believable(reported: Usage | None, estimate_in: int, answer: StreamedCompletion) -> Usage:
    """``reported``, with the local upper estimate where it is absent or can't be.

    No tokenizer makes more than one token of a byte, and none makes tokens of some fifty characters on average; thinking that
    is billed and not shown is allowed for.
    """
    estimate_out = answer.estimate_out()
    if reported is None:
        return Usage(estimate_in, estimate_out)
    right_in = estimate_in // SPARSEST <= reported.tokens_in <= DENSEST * estimate_in + UNSEEN and reported.tokens_in > 0
    right_out = estimate_out // SPARSEST <= reported.tokens_out <= DENSEST * estimate_out + MAX_UNSEEN_THOUGHT
    if not right_in:
        return Usage(estimate_in, reported.tokens_out if right_out else estimate_out)
    cached = min(max(reported.cached, 0), reported.tokens_in)
    written = min(max(reported.written, 0), reported.tokens_in - cached)
    return Usage(reported.tokens_in, reported.tokens_out if right_out else estimate_out, cached, written)
