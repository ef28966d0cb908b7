"""The body of a request to an OpenAI-compatible endpoint, without what its model has refused.

Nothing but the model and the messages is understood everywhere. What else is sent is refused by some: each is refused once,
then done without, and remembered for the model as long as the endpoint is open (a phase of a run).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from agent.models.error_classification import Fault
from agent.models.extras import fields_of
from agent.models.settings import ModelSettings
from agent.patterns import linear
from agent.ports import ChatMessage, JSONObject, ModelRequest, ToolCall, ToolSpec

LIMITS = ("max_completion_tokens", "max_tokens")
"""The names of an answer's limit: OpenAI's newer models refuse the second, many other servers do not know the first."""
OPTIONAL = ("stream_options", *LIMITS)
REFUSING = frozenset((400, 403, 422, 500, 501))
"""Statuses with which a parameter is refused: llama.cpp and LiteLLM pass the error of a template or a provider on with 500."""
MAX_EXTRA_NAMES = 16

_REFUSES = linear(
    r"(?i)support|not (?:allowed|permitted|enabled|available|implemented|accepted)|unrecognized|unknown|unexpected|invalid"
    r"|disabled|extra (?:inputs|fields)|additional properties|must be|should be|must alternate|verified|only\b|cannot find"
)
_STREAM = linear(r"(?i)\bstream(?:ing|ed)?\b")
_SYSTEM = linear(
    r"(?i)\bsystem (?:role|message|instruction|prompt)|\broles?\b[^.\n]{0,60}\bsystem\b|['\"`]system['\"`]|roles must alternate"
    r"|\bdeveloper (?:role|message|instruction)|\broles?\b[^.\n]{0,60}\bdeveloper\b|['\"`]developer['\"`]"
    r"|messages?[.\[]0\]?\.role"
)
_SYSTEM_ALLOWED = linear(r"(?i)(?:should be|one of|(?:supported|allowed|valid) (?:values|roles))[^\n]{0,80}\bsystem\b")
_NOT_SYSTEM = linear(r"(?i)\b(?:not|got|received|found|but)\b[^\n]{0,12}\bsystem\b")
"""Another role is refused where this one is listed among those that are taken."""
_DEVELOPER = linear(r"(?i)\bdeveloper\b")
_WORDS = linear(r"\w+")


class OpenAIRequests:
    """``by_default`` are the limit's names in the order in which they are tried."""

    def __init__(self, settings: ModelSettings, by_default: tuple[str, ...]) -> None:
        self._settings = settings
        self._limits = by_default
        self._refused: defaultdict[str, set[str]] = defaultdict(set)

    def is_streamed(self, name: str) -> bool:
        """Whether the model ``name`` is asked for a stream."""
        return "stream" not in self._refused[name]

    def arguments(self, request: ModelRequest, name: str) -> dict[str, Any]:
        refused = self._refused[name]
        messages = [_message(message, name, refused) for message in _opened(request.messages, refused)]
        arguments: dict[str, Any] = {"model": name, "messages": messages, "stream": self.is_streamed(name)}
        if request.tools:
            arguments["tools"] = [_tool(tool) for tool in request.tools]
        if arguments["stream"] and "stream_options" not in refused:
            arguments["stream_options"] = {"include_usage": True}
        # without a setting none is sent: servers refuse a limit that passes their model's; the answer is cut instead
        usable = [limit for limit in self._limits if limit not in refused]
        if self._settings.max_output_tokens is not None and usable:
            arguments[usable[0]] = self._settings.max_output_tokens
        return arguments

    def learn(self, fault: Fault, name: str, arguments: dict[str, Any]) -> bool:
        """Whether the endpoint refuses something that can be done without, which is never sent to the model again."""
        if fault.status not in REFUSING or fault.classify(with_tools=False) not in ("refused", "unavailable", "unauthorized"):
            return False
        found = set(self._refused_by(fault, arguments)) - self._refused[name]
        self._refused[name] |= found
        return bool(found)

    def _refused_by(self, fault: Fault, arguments: dict[str, Any]) -> Iterator[str]:
        """By what is told most exactly first: the reason for one is not taken for that of another."""
        said = fault.said
        words = set(_WORDS.findall(said))
        if named := [option for option in OPTIONAL if option in arguments and option in words]:
            yield from named
            return
        if not _REFUSES.search(said):
            return
        extra = _names_of_extras(arguments["messages"]) & words
        if extra and not fault.wants_extras:
            yield from extra
        elif _refuses_system(said) and (roles := {"system", "developer"} & {one["role"] for one in arguments["messages"]}):
            yield from roles
            if "system" in roles and not _DEVELOPER.search(said):
                yield "developer"  # nobody has spoken of it
        elif arguments["stream"] and _STREAM.search(said):
            yield "stream"


def _refuses_system(said: str) -> bool:
    if _SYSTEM_ALLOWED.search(said) and not _NOT_SYSTEM.search(said):
        return False
    return _SYSTEM.search(said) is not None


def _opened(messages: Sequence[ChatMessage], refused: set[str]) -> list[ChatMessage]:
    """With the instructions at the start of what the user says first, where no role takes them."""
    if not {"system", "developer"} <= refused:
        return list(messages)
    said = "\n\n".join(text for message in messages if message["role"] == "system" and (text := message["content"].strip()))
    others: list[ChatMessage] = [message for message in messages if message["role"] != "system"]
    if not said:
        return others
    if others and others[0]["role"] == "user":
        return [{**others[0], "content": f"{said}\n\n{others[0]['content']}"}, *others[1:]]
    return [{"role": "user", "content": said}, *others]


def _message(message: ChatMessage, model: str, refused: set[str]) -> dict[str, Any]:
    calls = message.get("tool_calls") or ()
    extra = fields_of(calls[0], "message", "openai", model) if calls else {}
    role = "developer" if message["role"] == "system" and "system" in refused else message["role"]
    data: dict[str, Any] = _allowed(extra, refused) | {"role": role, "content": message["content"]}
    if calls:
        data["tool_calls"] = [_call(call, model, refused) for call in calls]
    if "tool_call_id" in message:
        data["tool_call_id"] = message["tool_call_id"]
    return data


def _call(call: ToolCall, model: str, refused: set[str]) -> dict[str, Any]:
    # what was malformed goes back as no arguments: templates of servers parse it; the tool's result says what was wrong
    arguments = json.dumps(call["arguments"], ensure_ascii=False)
    function = {"name": call["name"], "arguments": arguments}
    extra = _allowed(fields_of(call, "call", "openai", model), refused)
    return extra | {"id": call["id"], "type": "function", "function": function}


def _allowed(extra: JSONObject, refused: set[str]) -> JSONObject:
    return {name: value for name, value in extra.items() if name not in refused}


def _names_of_extras(messages: list[dict[str, Any]]) -> set[str]:
    names: set[str] = set()
    for message in messages:
        names |= message.keys() - {"role", "content", "tool_calls", "tool_call_id"}
        for call in message.get("tool_calls", ()):
            names |= call.keys() - {"id", "type", "function"}
    return set(sorted(names)[:MAX_EXTRA_NAMES])


def _tool(tool: ToolSpec) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}
