"""What a provider sends beside its tool calls goes back with them as it came, and nowhere else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.models import ModelSettings, ToolsUnsupported, open_models
from agent.models.extras import MAX_EXTRAS, Extras, fields_of, with_extras
from agent.ports import ChatMessage, ModelCompletion, ModelRequest, TaskSpec, ToolCall
from agent.team.conversation import Conversation
from agent.team.model_client import cache_key
from agent.team.parsing.text_tool_calls import as_text
from agent.team.phase_context import PhaseContext
from tests.agent.conftest import SMALL_REPOSITORY
from tests.agent.harness import Harness, make_repository
from tests.agent.models.endpoints import KEY, silent
from tests.agent.models.quirks import LIST, TALK, WITH_TOOL, quirky, two_turns, with_results
from tests.support import scripted_anthropic
from tests.support.quirky_endpoint import SIGNATURE
from tests.support.scripted_openai import Call

DETAILS = [
    {"type": "reasoning.text", "index": 0, "text": "let me", "signature": "c2ln", "format": "v1"},
    {"type": "reasoning.encrypted", "index": 1, "data": "ZGF0YQ=="},
]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "message", "call"),
    [
        ("thinking", {"reasoning_content": "let me look"}, {}),
        ("signed", {}, {"extra_content": SIGNATURE}),
        ("detailed", {"reasoning_details": DETAILS}, {}),
    ],
)
async def test_what_came_beside_a_call_goes_back_with_it(name: str, message: dict[str, Any], call: dict[str, Any]) -> None:
    async with quirky(name) as (model, endpoint):
        first, second = await two_turns(model)
    assert second.text == "ok"
    assert first.text == "", "it is not shown"
    sent = endpoint.requests[-1]["messages"][2]
    (called,) = sent.pop("tool_calls")
    assert sent == {"role": "assistant", "content": "", **message}
    assert called == {"id": "c1", "type": "function", "function": {"name": "list_files", "arguments": "{}"}, **call}
    assert ModelCompletion.from_json(json.loads(json.dumps(first.to_json()))) == first, "the journal and the cache keep it"


@pytest.mark.asyncio
async def test_a_field_that_comes_and_may_not_go_back_is_left_out_from_then_on() -> None:
    async with quirky("strict") as (model, endpoint):
        for _ in range(2):
            _, second = await two_turns(model)
            assert second.text == "ok"
    assert ["reasoning" in str(body["messages"]) for body in endpoint.requests] == [False, True, False, False, False]


@pytest.mark.asyncio
async def test_a_model_that_misses_what_it_never_sent_is_offered_tools_in_words() -> None:
    async with quirky("forgetful") as (model, _):
        with pytest.raises(ToolsUnsupported):
            await two_turns(model)
        assert not model.profile("engineer").native_tools


@pytest.mark.asyncio
async def test_a_miss_is_understood_where_no_tool_is_offered_any_more() -> None:
    async with quirky("forgetful") as (model, _):
        first = await model.complete(WITH_TOOL, silent)
        with pytest.raises(ToolsUnsupported):
            await model.complete(replace(with_results(WITH_TOOL, first), tools=()), silent)


@pytest.mark.asyncio
async def test_no_other_model_gets_it() -> None:
    async with quirky("signed", role_models={"reviewer": "plain"}) as (model, endpoint):
        first = await model.complete(WITH_TOOL, silent)
        await model.complete(replace(with_results(WITH_TOOL, first), role="reviewer"), silent)
    assert "extra_content" not in str(endpoint.requests[-1])
    assert "thought_signature" not in str(as_text(with_results(WITH_TOOL, first))), "nor a prompt in words"


@pytest.mark.asyncio
async def test_more_than_can_be_kept_is_not_kept() -> None:
    async with quirky("endless") as (model, endpoint):
        first, second = await two_turns(model)
    assert (len(first.tool_calls), second.text) == (1, "ok")
    assert "extra" not in first.tool_calls[0]
    assert "reasoning_details" not in str(endpoint.requests[-1])


@pytest.mark.asyncio
async def test_anthropics_blocks_of_thinking_go_back_before_the_call() -> None:
    def script(body: dict[str, Any]) -> scripted_anthropic.Reply | str:
        if len(body["messages"]) == 1:
            return scripted_anthropic.Reply(
                "I look.", calls=[Call("list_files", {})], thinking="let me look", signature="c2ln", redacted="ZGF0YQ=="
            )
        return "done"

    with scripted_anthropic.serve(script) as server:
        model = open_models(ModelSettings("anthropic", "scripted", api_key=KEY, base_url=server.url, max_retries=0))
        first, second = await two_turns(model)
        await model.complete(replace(with_results(WITH_TOOL, first), messages=TALK), silent)
        await model.aclose()
    assert (first.text, second.text) == ("I look.", "done")
    assert server.requests[1]["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "let me look", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "ZGF0YQ=="},
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "toolu_0", "name": "list_files", "input": {}},
    ]
    assert "thinking" not in str(server.requests[2])


@pytest.mark.asyncio
async def test_blocks_that_anthropic_does_not_take_back_are_left_out_from_then_on() -> None:
    def script(body: dict[str, Any]) -> scripted_anthropic.Reply | str:
        if any(block["type"] == "thinking" for message in body["messages"] for block in message["content"]):
            words = "messages.1.content.0: Invalid `signature` in `thinking` block"
            return scripted_anthropic.Reply(words, status=400, error="invalid_request_error")
        return scripted_anthropic.Reply("", calls=[Call("list_files", {})], thinking="hm", signature="c2ln")

    with scripted_anthropic.serve(script) as server:
        model = open_models(ModelSettings("anthropic", "scripted", api_key=KEY, base_url=server.url, max_retries=0))
        first, second = await two_turns(model)
        await model.complete(with_results(with_results(WITH_TOOL, first), second), silent)
        await model.aclose()
    assert len(server.requests) == 4


def test_requests_without_extras_have_the_digest_that_they_had() -> None:
    """A run that is under way at an upgrade finds what it recorded."""
    call: ToolCall = {"id": "c1", "name": "list_files", "arguments": {}}
    talk: list[ChatMessage] = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "y", "tool_call_id": "c1"},
    ]
    request = ModelRequest("k", "engineer", "WriteCode", talk, "t", tools=(LIST,))
    assert request.inputs() == {
        "role": "engineer", "action": "WriteCode", "messages": talk, "task": "t", "stack": None, "max_tokens": None,
        "tools": ({"name": "list_files", "description": LIST.description, "parameters": LIST.parameters},), "fresh": False,
    }  # fmt: skip
    signed = replace(request, messages=[talk[0], {**talk[1], "tool_calls": [{**call, "extra": {"call": {"x": 1}}}]}, talk[2]])
    assert cache_key(signed, "m") != cache_key(request, "m")


def test_an_answer_that_an_earlier_version_recorded_is_read() -> None:
    kept = {
        "text": "", "model": "m", "tokens_in": 1, "tokens_out": 1, "cost_usd": "0.5", "finish_reason": "tool_calls",
        "duration_ms": 1, "cached": False, "tool_calls": [{"id": "c1", "name": "list_files", "arguments": {}}],
        "tokens_cached": 0,
    }  # fmt: skip
    completion = ModelCompletion.from_json(kept)
    assert completion.prompt_cut is None
    assert completion.to_json() == kept, "and what has nothing new looks as it did"


def test_pieces_are_put_together() -> None:
    extras = Extras()
    for piece in (
        {"reasoning_content": "a"},
        {"reasoning_content": "b", "empty": None, "none": ""},
        {"details": [{"index": 0, "type": "t", "text": "x"}, {"type": "whole", "data": "1"}]},
        {"details": [{"index": 0, "type": "t", "text": "y"}, {"type": "whole", "data": "2"}]},
        {"google": {"signature": "s"}, "number": 1},
        {"google": {"signature": "t"}, "number": 2, "flags": [True, ["x"]]},
    ):
        extras.add(piece)
    assert extras.whole() == {
        "reasoning_content": "ab",
        "details": [{"index": 0, "type": "t", "text": "xy"}, {"type": "whole", "data": "1"}, {"type": "whole", "data": "2"}],
        "google": {"signature": "t"},
        "number": 2,
        "flags": [True, ["x"]],
    }


def _deep(depth: int) -> Any:
    return {"x": _deep(depth - 1)} if depth else 1


@pytest.mark.parametrize(
    "fields", [{"x": "y" * (MAX_EXTRAS + 1)}, {"x": 2**70}, {"x": float("nan")}, _deep(40), {"x": [{}] * MAX_EXTRAS}]
)
def test_what_can_not_be_kept_as_it_is_is_lost_as_a_whole(fields: dict[str, Any]) -> None:
    extras = Extras()
    extras.add({"before": "x"})
    extras.add(fields)
    extras.add({"after": "x"})
    assert extras.lost
    assert extras.whole() == {}


def test_they_belong_to_one_model_of_one_provider() -> None:
    calls: list[ToolCall] = [{"id": id, "name": "n", "arguments": {}} for id in "ab"]
    first, second = with_extras(calls, "openai", "m", {"thought": "x"}, [{}, {"signature": "y"}])
    assert fields_of(first, "message", "openai", "m") == {"thought": "x"}
    assert fields_of(second, "call", "openai", "m") == {"signature": "y"}
    assert fields_of(second, "message", "openai", "m") == {}
    assert fields_of(first, "message", "anthropic", "m") == fields_of(first, "message", "openai", "other") == {}
    assert with_extras(calls, "openai", "m", {}, [{}, {}]) == calls


@pytest.mark.asyncio
async def test_a_team_looks_around_with_a_thinking_model(tmp_path: Path) -> None:
    """The whole conversation, over HTTP and through the journal, live and replayed."""
    root = make_repository(tmp_path / "a", SMALL_REPOSITORY)
    async with quirky("detailed") as (model, endpoint):
        steps = None
        for _ in ("live", "replayed"):
            harness = Harness(root, model, steps=steps)
            steps = harness.journal.steps
            work = PhaseContext(TaskSpec("Do it."), root, harness.ports, "execute")
            await work.read("read")
            talk = Conversation(work, work.session, "write/0", "engineer", "WriteCode", max_tokens=500, tools=("list",))
            assert (await talk.hold("Look around.")).completion.text == "ok"
    assert len(endpoint.requests) == 2, "the replay asks nobody"
    assert endpoint.requests[1]["messages"][2]["reasoning_details"] == DETAILS
    assert "let me" not in json.dumps(harness.sink.events)
