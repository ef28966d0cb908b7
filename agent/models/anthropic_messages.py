"""Translates our neutral conversation into Anthropic's Messages API.

Rules of the API: the system prompt stands apart; the results of all tool calls of one answer come first in the user message
right after it; no text is empty; a conversation with tool calls in it must come with tools.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from agent.models.extras import fields_of
from agent.ports import ChatMessage, JSONObject, ModelRequest, ToolCall

NOTHING = "(nothing)"
THOUGHTS = "thinking_blocks"
"""The name under which they are kept with the first call of a message."""
CACHED = {"type": "ephemeral"}
_NOT_OF_AN_ID = re.compile(r"[^a-zA-Z0-9_-]")


def conversation(request: ModelRequest, model: str = "", *, with_thoughts: bool = True) -> dict[str, Any]:
    """``system``, ``messages``, ``tools`` and ``tool_choice`` of the request.

    With the blocks of thinking that ``model`` itself has sent before its tool calls, unless ``with_thoughts`` says otherwise:
    the API checks their signatures, and misses them where thinking is on.

    The provider caches what is before a mark: the tools and the system prompt, the first message (what the team knows of the
    repository), and, as more turns will follow it, the last one. At most four marks are allowed.
    """
    leading = 0
    while leading < len(request.messages) and request.messages[leading]["role"] == "system":
        leading += 1
    messages = _messages(request.messages[leading:], model if with_thoughts else None)
    arguments: dict[str, Any] = {"messages": messages}
    system = "\n\n".join(text for m in request.messages[:leading] if (text := m["content"].strip()))
    if system:
        arguments["system"] = [{"type": "text", "text": system, "cache_control": CACHED}]
    if request.tools:
        arguments["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters} for tool in request.tools
        ]
    elif names := sorted({call["name"] for message in request.messages for call in message.get("tool_calls", ())}):
        arguments["tools"] = [{"name": name, "input_schema": {"type": "object"}} for name in names]
        arguments["tool_choice"] = {"type": "none"}
    if request.tools or len(messages) > 1:
        for message in {id(m): m for m in (messages[0], messages[-1])}.values():
            message["content"][-1]["cache_control"] = CACHED
    return arguments


def _messages(messages: Sequence[ChatMessage], model: str | None) -> list[JSONObject]:
    """Turns of user and assistant by turns, beginning with the user's. ``model``: whose thoughts go back; None: nobody's."""
    turns: list[JSONObject] = []
    for message in messages:
        role = "assistant" if message["role"] == "assistant" else "user"
        if not turns and role == "assistant":
            turns.append({"role": "user", "content": [{"type": "text", "text": NOTHING}]})
        if not turns or turns[-1]["role"] != role:
            turns.append({"role": role, "content": []})
        turns[-1]["content"] += _blocks(message, model)
    for turn in turns:
        # results of tools come before what else was said
        turn["content"].sort(key=lambda block: block["type"] != "tool_result")
        if not turn["content"]:
            turn["content"].append({"type": "text", "text": NOTHING})
    return turns or [{"role": "user", "content": [{"type": "text", "text": NOTHING}]}]


def _blocks(message: ChatMessage, model: str | None) -> list[JSONObject]:
    text = message["content"]
    if message["role"] == "tool":
        return [
            {"type": "tool_result", "tool_use_id": _id(message["tool_call_id"]), "content": text if text.strip() else NOTHING}
        ]
    calls = message.get("tool_calls", ())
    blocks: list[JSONObject] = [] if model is None or not calls else thoughts_of(calls[0], model)
    if text.strip():
        blocks.append({"type": "text", "text": text.rstrip()})
    for call in calls:
        blocks.append({"type": "tool_use", "id": _id(call["id"]), "name": call["name"], "input": call["arguments"]})
    return blocks


def thoughts_of(call: ToolCall, model: str) -> list[JSONObject]:
    """The blocks of thinking that came before the first call of a message, with their signatures."""
    kept = fields_of(call, "message", "anthropic", model).get(THOUGHTS) or []
    blocks: list[JSONObject] = []
    for block in kept:
        empty = {"thinking": "", "signature": ""} if block.get("type") == "thinking" else {}
        blocks.append(empty | {name: value for name, value in block.items() if name != "index"})
    return blocks


def _id(id: str) -> str:
    """Other providers allow other characters; a conversation may move from one to the other."""
    return _NOT_OF_AN_ID.sub("_", id) or "_"
