"""Native tool calls, in all the ways servers stream them, and servers that take none."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from agent.models import ToolsUnsupported
from agent.ports import ChatMessage, ModelCompletion
from tests.agent.models.endpoints import READ, REQUEST, ask, failure, open_to, silent
from tests.support.scripted_openai import NO_TOOLS, Call, Reply, serve

pytestmark = pytest.mark.asyncio

WITH_TOOLS = replace(REQUEST, tools=[READ])
TWO = (Call("read_file", {"path": "a.py"}, "call_a"), Call("read_file", {"path": "b.py"}, "call_b"))


@pytest.mark.parametrize("style", ["openai", "no_ids", "one_index", "repeating", "objects"])
async def test_several_calls_arrive_whole_however_they_are_streamed(style: Any) -> None:
    answer = await ask(lambda messages: Reply("I look.", calls=TWO, style=style), request=WITH_TOOLS)
    assert answer.text == "I look."
    assert answer.finish_reason == "tool_calls"
    assert [(call["name"], call["arguments"]) for call in answer.tool_calls] == [
        ("read_file", {"path": "a.py"}),
        ("read_file", {"path": "b.py"}),
    ]
    ids = [call["id"] for call in answer.tool_calls]
    assert ids == (["call_0", "call_1"] if style == "no_ids" else ["call_a", "call_b"])
    assert ModelCompletion.from_json(json.loads(json.dumps(answer.to_json()))) == answer


async def test_ids_are_told_apart_from_those_of_the_conversation_before() -> None:
    before: list[ChatMessage] = [
        *REQUEST.messages,
        {"role": "assistant", "content": "", "tool_calls": [{"id": "call_a", "name": "read_file", "arguments": {}}]},
        {"role": "tool", "content": "x", "tool_call_id": "call_a"},
    ]
    answer = await ask(lambda messages: Reply(calls=(TWO[0], TWO[0])), request=replace(WITH_TOOLS, messages=before))
    ids = [call["id"] for call in answer.tool_calls]
    assert len({*ids, "call_a"}) == 3


@pytest.mark.parametrize("text", ['{"path": "a.py"', "path=a.py", '["a.py"]', "null", '{"path": "a.py"}}', "{" * 5000])
async def test_malformed_arguments_are_empty_and_kept_as_they_were(text: str) -> None:
    answer = await ask(lambda messages: Reply(calls=[Call("read_file", text)]), request=replace(WITH_TOOLS, max_tokens=5000))
    (call,) = answer.tool_calls
    assert call["arguments"] == {}
    assert call["raw"] == text[:2000]


@pytest.mark.parametrize("text", ['{"path": "a\n.py"}', '"{\\"path\\": \\"a\\\\n.py\\"}"'])
async def test_slips_that_leave_no_doubt_are_read(text: str) -> None:
    answer = await ask(lambda messages: Reply(calls=[Call("read_file", text)]), request=WITH_TOOLS)
    assert answer.tool_calls == [{"id": "call_scripted_0", "name": "read_file", "arguments": {"path": "a\n.py"}}]


async def test_no_arguments_are_an_empty_object() -> None:
    answer = await ask(lambda messages: Reply(calls=[Call("list_files", "")]), request=WITH_TOOLS)
    assert answer.tool_calls[0]["arguments"] == {}
    assert "raw" not in answer.tool_calls[0]


async def test_a_conversation_with_results_is_sent_in_the_endpoints_words() -> None:
    messages: list[ChatMessage] = [
        {"role": "system", "content": "You work."},
        *REQUEST.messages,
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [{"id": "c1", "name": "read_file", "arguments": {}, "raw": "{"}],
        },
        {"role": "tool", "content": "No JSON object.", "tool_call_id": "c1"},
    ]
    with serve(lambda messages: "done") as server:
        model = open_to(server)
        await model.complete(replace(WITH_TOOLS, messages=messages), silent)
        await model.aclose()
    (body,) = server.requests
    assert body["tools"] == [
        {"type": "function", "function": {"name": "read_file", "description": READ.description, "parameters": READ.parameters}}
    ]
    assert body["messages"][2]["tool_calls"] == [
        {"id": "c1", "type": "function", "function": {"name": "read_file", "arguments": "{}"}}
    ]
    assert body["messages"][3] == {"role": "tool", "content": "No JSON object.", "tool_call_id": "c1"}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, NO_TOOLS),
        (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
        (404, "No endpoints found that support tool use. Try disabling the tools."),
        (400, "Unrecognized request argument supplied: tools"),
        (422, "body.tools: Extra inputs are not permitted"),
        (500, "tools param requires --jinja flag"),
    ],
)
async def test_a_refusal_of_tools_is_remembered_and_told(status: int, words: str) -> None:
    def script(messages: list[Any]) -> Reply | str:
        return Reply(words, status=status) if "tools" in server.requests[-1] else "in words"

    with serve(script) as server:
        model = open_to(server)
        assert model.profile("engineer").native_tools
        with pytest.raises(ToolsUnsupported):
            await model.complete(WITH_TOOLS, silent)
        assert not model.profile("engineer").native_tools
        with pytest.raises(ToolsUnsupported):
            await model.complete(WITH_TOOLS, silent)
        assert len(server.requests) == 1
        assert (await model.complete(REQUEST, silent)).text == "in words"
        await model.aclose()


async def test_settings_can_rule_tools_out() -> None:
    with serve(lambda messages: "never asked") as server:
        model = open_to(server, native_tools=False)
        with pytest.raises(ToolsUnsupported):
            await model.complete(WITH_TOOLS, silent)
        await model.aclose()
    assert server.requests == []


async def test_a_server_that_fails_while_tools_are_offered_is_not_said_to_lack_them() -> None:
    error = await failure(lambda messages: Reply("worker died in tool parser", status=500), request=WITH_TOOLS)
    assert error.code == "model_unavailable"


async def test_endless_calls_are_cut() -> None:
    calls = [Call("read_file", {"path": "x" * 200}, f"c{number}") for number in range(200)]
    answer = await ask(lambda messages: Reply(calls=calls), request=WITH_TOOLS)
    assert answer.finish_reason == "length"
    assert len(answer.tool_calls) < 64
