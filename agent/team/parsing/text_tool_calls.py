"""Tools for models whose endpoint has no native tool calls: the calls and their results go through the text of the messages.

What weaker models really write is read too: the tags of other models' templates, fences, bare objects, ReAct lines, calls as in
Python. An answer that holds edits is never taken for a call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from agent.patch import detect
from agent.patterns import linear
from agent.ports import ChatMessage, JSONObject, ModelRequest, ToolCall, ToolSpec
from agent.team.parsing.json_repair import value_of
from agent.team.parsing.thoughts import without_thoughts
from agent.team.prompts import render
from agent.tools import ALIASES, canonical, renamed

BY_ANSWER = ("edit", "finish")
"""What these do, an answer with edits does: code in the strings of a call in a text is more than models manage."""
MAX_CALLS = 16
"""Read from one answer; how many are carried out is the conversation's business."""
MAX_READ = 20_000
"""Characters of one call: its arguments are paths and patterns."""
MAX_TEXT = 20_000
"""Characters of an answer that are searched for calls; a longer one is not a call."""

_TAG = linear(r"(?i)<\|?(/?)(tool_calls|tool_call|function_call|toolcall|tool_code|tool)(_end)?\|?>")
_FENCED = linear(r"(?ms)^[ ]{0,3}```[ \t]*(\w*)[ \t]*\n(.*?)(?:^[ ]{0,3}```|\z)")
_FENCES = frozenset(
    ("", "tool", "tools", "tool_call", "tool_calls", "tool_code", "function", "function_call", "json", "xml", "python")
)
_ON_TOP = linear(
    r"(?is)\A\s*<(?:tool_call|function_call|tool)>\s*(\{.*?\})\s*</(?:tool_call|function_call|tool)>[ \t]*(?:\n|\z)"
)
_MISTRAL = linear(r"(?s)\[TOOL_CALLS\]\s*(\[.*?\])\s*(?:</s>|\z)")
_LLAMA = linear(r"(?s)<\|python_tag\|>\s*(\{.*?\})\s*(?:<\|e\w+\|>|\z)")
_FUNCTION = linear(r"(?s)<function[=:]\s*\"?(\w+)\"?>(.*?)(?:</function>|\z)")
_INVOKE = linear(r"(?s)<(?:\w+:)?invoke name=\"(\w+)\">(.*?)(?:</(?:\w+:)?invoke>|\z)")
_PARAMETER = linear(r"(?s)<(?:\w+:)?parameter(?: name=|=)\"?(\w+)\"?>\s*(.*?)\s*</(?:\w+:)?parameter>")
_LINE = linear(r"(?im)^[ \t>*-]*(?:TOOL|CALL|Tool call|Call)[:\s]+`?(\w+)`?[ \t:]*(\{.*\})[ \t]*`?$")
_REACT = linear(r"(?im)^[ \t]*\**Action\**:\**[ \t]*`?(\w+)`?[ \t]*\n[ \t]*\**Action[ _]Input\**:\**[ \t]*(.+)$")
_PYTHON = linear(r"(?m)^[ \t]*`?(\w+)\(((?:[^()\n]|\([^()\n]*\))*)\)`?[ \t]*$")
_KEYWORD = linear(r"(\w+)\s*=\s*(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\[[^\]]*\]|[\pL\pN_.+-]+)")
_NAMES = ("name", "tool", "function", "tool_name", "function_name", "action", "recipient_name")
_ARGUMENTS = ("arguments", "args", "parameters", "params", "input", "action_input", "tool_input", "kwargs")
_ENVELOPES = ("tool_calls", "calls", "tools", "tool_call", "function_call", "tool_uses")


def as_text(request: ModelRequest) -> ModelRequest:
    """The same request without native tools: they are explained at the end of the system prompt, calls and results are text."""
    messages: list[ChatMessage] = []
    names: dict[str, str] = {}
    for message in request.messages:
        names |= {call["id"]: call["name"] for call in message.get("tool_calls", ())}
        _add(messages, _plain(message, names))
    tools = [tool for tool in request.tools if tool.name not in BY_ANSWER]
    if tools:
        explained = render("tools_as_text", tools="\n".join(map(_described, tools)))
        if messages and messages[0]["role"] == "system":
            messages[0] = {"role": "system", "content": f"{messages[0]['content']}\n\n{explained}"}
        else:
            messages.insert(0, {"role": "system", "content": explained})
    return replace(request, messages=messages, tools=())


def read_calls(text: str, tools: Sequence[ToolSpec]) -> list[ToolCall]:
    """The calls of ``tools`` in an answer, in their order; none where it is an answer to what was asked."""
    offered = {tool.name: tool for tool in tools}
    known = offered | {name: offered[tool] for name, tool in ALIASES.items() if tool in offered}
    text = without_thoughts(text)
    if not known or detect(text) is not None:
        return []
    text = text[:MAX_TEXT]
    found: list[ToolCall] = []
    for said, arguments in _candidates(text, known):
        name = canonical(said)
        if all((call["name"], call["arguments"]) != (name, arguments) for call in found):
            found.append({"id": f"call_{len(found) + 1}", "name": name, "arguments": arguments})
        if len(found) == MAX_CALLS:
            break
    return found


def calls_on_top(text: str) -> tuple[list[JSONObject], str]:
    """The objects of the calls in tags that an answer begins with, at most ``MAX_CALLS``, and the text behind them."""
    found: list[JSONObject] = []
    while len(found) < MAX_CALLS and (hit := _ON_TOP.match(text)):
        call = value_of(hit[1], MAX_READ)
        if not isinstance(call, dict):
            break
        found.append(call)
        text = text[hit.end() :]
    return found, text


def _candidates(text: str, known: dict[str, ToolSpec]) -> Iterator[tuple[str, JSONObject]]:
    """By the first kind of writing that holds a call."""
    for reader in (_in_markup, _in_fences, _in_lines, _bare):
        calls = list(reader(text, known))
        if calls:
            yield from calls
            return


def _in_markup(text: str, known: dict[str, ToolSpec]) -> Iterator[tuple[str, JSONObject]]:
    for pattern in (_MISTRAL, _LLAMA):
        for hit in pattern.finditer(text):
            yield from _calls_in(hit[1], known)
    for pattern in (_FUNCTION, _INVOKE):
        for hit in pattern.finditer(text):
            if hit[1] in known:
                yield hit[1], _inside(hit[2])
    for piece in _tagged(text):
        yield from _calls_in(piece, known)


def _tagged(text: str) -> Iterator[str]:
    """What stands between tags of one name: up to its end, to the next beginning of the same, or to the end of the text."""
    name, start = "", 0
    for tag in _TAG.finditer(text):
        ends = bool(tag[1] or tag[3])
        if name and tag[2].lower() == name:
            yield text[start : tag.start()]
            name = ""
        elif name or ends:
            continue
        if not ends:
            name, start = tag[2].lower(), tag.end()
    if name:
        yield text[start:]


def _in_fences(text: str, known: dict[str, ToolSpec]) -> Iterator[tuple[str, JSONObject]]:
    for hit in _FENCED.finditer(text):
        if hit[1].lower() in _FENCES:
            yield from _calls_in(hit[2], known)
        elif hit[1] in known and isinstance(value := value_of(hit[2], MAX_READ), dict):
            yield hit[1], value


def _in_lines(text: str, known: dict[str, ToolSpec]) -> Iterator[tuple[str, JSONObject]]:
    for pattern in (_LINE, _REACT):
        for hit in pattern.finditer(text):
            if hit[1] in known:
                value = value_of(hit[2], MAX_READ)
                yield hit[1], value if isinstance(value, dict) else _only(known[hit[1]], hit[2])


def _bare(text: str, known: dict[str, ToolSpec]) -> Iterator[tuple[str, JSONObject]]:
    """Nothing but objects, or nothing but calls as in Python."""
    stripped = text.strip()
    if stripped[:1] in ("{", "["):
        yield from _calls_in(stripped, known)
    elif stripped and all(_PYTHON.fullmatch(line) for line in stripped.splitlines() if line.strip()):
        yield from _python(stripped, known)


def _calls_in(piece: str, known: dict[str, ToolSpec]) -> Iterator[tuple[str, JSONObject]]:
    """One object or array, one object in each line, a name and an object, or calls as in Python."""
    piece = piece.strip()
    lines = [line for line in piece.splitlines() if line.strip()]
    if len(lines) > 1 and all(line.strip().startswith("{") and line.strip().rstrip(",").endswith("}") for line in lines):
        values: list[Any] = [value_of(line.strip().rstrip(","), MAX_READ) for line in lines]
    elif piece[:1] in ("{", "["):
        whole = value_of(piece, MAX_READ)
        values = whole if isinstance(whole, list) else [whole]
    else:
        head, _, rest = piece.partition("{")
        if (name := head.strip(" \n`:")) in known and rest:
            value = value_of("{" + rest, MAX_READ)
            yield name, value if isinstance(value, dict) else {}
        else:
            for hit in (*_FUNCTION.finditer(piece), *_INVOKE.finditer(piece)):
                if hit[1] in known:
                    yield hit[1], _inside(hit[2])
            yield from _python(piece, known)
        return
    for value in values:
        yield from _calls_of(value, known, 0)


def _calls_of(value: Any, known: dict[str, ToolSpec], depth: int) -> Iterator[tuple[str, JSONObject]]:
    if not isinstance(value, dict) or depth > 3:
        return
    for key in _ENVELOPES:
        inner = value.get(key)
        if isinstance(inner, list | dict):
            for entry in inner if isinstance(inner, list) else [inner]:
                yield from _calls_of(entry, known, depth + 1)
            return
    if isinstance(inner := value.get("function"), dict):
        value = inner
    name = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), "").rpartition(".")[2]
    if name in known:
        arguments = next((value[key] for key in _ARGUMENTS if key in value), None)
        if isinstance(arguments, str):
            arguments = value_of(arguments, MAX_READ)
        if arguments is None:
            arguments = {key: inside for key, inside in value.items() if key not in _NAMES or value[key] != name}
            allowed = known[name].parameters.get("properties", {})
            arguments = {key: inside for key, inside in renamed(canonical(name), arguments).items() if key in allowed}
        yield name, arguments if isinstance(arguments, dict) else {}
    elif len(value) == 1:
        only, arguments = next(iter(value.items()))
        if only in known and isinstance(arguments, dict):
            yield only, arguments


def _inside(text: str) -> JSONObject:
    """The arguments between the tags of one call: an object, or one tag for each."""
    value = value_of(text, MAX_READ)
    if isinstance(value, dict):
        return value
    found: JSONObject = {}
    for name, written in _PARAMETER.findall(text[:MAX_READ]):
        inner = value_of(written, MAX_READ) if written[:1] in ("[", "{") else None
        found[name] = written if inner is None else inner
    return found


def _python(text: str, known: dict[str, ToolSpec]) -> Iterator[tuple[str, JSONObject]]:
    for hit in _PYTHON.finditer(text):
        if hit[1] not in known:
            continue
        pairs = _KEYWORD.findall(hit[2])
        if pairs or not hit[2].strip():
            yield hit[1], {name: _literal(written) for name, written in pairs}
        else:
            yield hit[1], _only(known[hit[1]], hit[2])


def _literal(written: str) -> Any:
    if written[0] in "\"'":
        return re.sub(r"\\(.)", r"\1", written[1:-1]) if written[0] == "'" else _string(written)
    if written[0] == "[":
        return value_of(written, MAX_READ)
    return int(written) if written.isdigit() and len(written) < 10 else {"True": True, "False": False}.get(written, written)


def _string(written: str) -> Any:
    """A string in double quotes; as it stands where JSON does not know its escapes."""
    try:
        return json.loads(written)
    except ValueError:
        return written[1:-1]


def _only(tool: ToolSpec, written: str) -> JSONObject:
    """A single value without a name is the tool's first argument."""
    first = next(iter(tool.parameters.get("required") or tool.parameters.get("properties", {})), "")
    value = written.strip().strip("\"'`")
    return {first: value} if first and value else {}


def _plain(message: ChatMessage, names: dict[str, str]) -> ChatMessage:
    if message["role"] == "tool":
        name = names.get(message.get("tool_call_id", ""), "the tool")
        return {"role": "user", "content": f"Result of {name}:\n{message['content']}"}
    calls = message.get("tool_calls")
    if not calls:
        return {"role": message["role"], "content": message["content"]}
    said = [message["content"].strip()] if message["content"].strip() and not _holds_calls(message["content"]) else []
    said += [
        f"<tool_call>{json.dumps({'name': call['name'], 'arguments': call['arguments']}, ensure_ascii=False)}</tool_call>"
        for call in calls
    ]
    return {"role": "assistant", "content": "\n".join(said)}


def _holds_calls(text: str) -> bool:
    """Whether the calls are in the text already, in whatever way the model wrote them: then it is left out for our own."""
    return any(mark in text for mark in ("<tool", "```", "[TOOL_CALLS]", "{", "Action", "TOOL", "("))


def _add(messages: list[ChatMessage], message: ChatMessage) -> None:
    """Roles take turns: some chat templates refuse two messages of one role in a row."""
    if messages and messages[-1]["role"] == message["role"] != "system":
        messages[-1] = {"role": message["role"], "content": f"{messages[-1]['content']}\n\n{message['content']}"}
    else:
        messages.append(message)


def _described(tool: ToolSpec) -> str:
    known = tool.parameters.get("properties", {})
    required = tool.parameters.get("required", ())
    arguments = [
        f"{name} ({schema.get('type', 'any')}{'' if name in required else ', optional'})" for name, schema in known.items()
    ]
    return f"- {tool.name}: {tool.description} Arguments: {', '.join(arguments) or 'none'}."
