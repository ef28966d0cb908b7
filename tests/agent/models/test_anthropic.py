"""Anthropic's API against a real HTTP server that keeps its rules."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from agent.errors import ContentFiltered, ContextOverflow, ModelFailed, RateLimited
from agent.models import ModelSettings, ModelUnavailable, Prices, open_model, open_models
from agent.ports import ChatMessage, Model, ModelCompletion, ModelRequest
from tests.agent.models.endpoints import KEY, READ, REQUEST, cancel_when_asked, presentable, silent
from tests.support.scripted_anthropic import Reply, Script, ScriptedAnthropic, serve
from tests.support.scripted_openai import Call

pytestmark = pytest.mark.asyncio

SYSTEM: ChatMessage = {"role": "system", "content": "You write code."}


def open_to(server: ScriptedAnthropic, **options: Any) -> Model:
    given = {"model": "scripted", "api_key": KEY, "base_url": server.url, "first_delay": 0.01, **options}
    return open_models(ModelSettings("anthropic", **given))


async def ask(
    script: Script, on_text: Callable[[str], None] = silent, *, request: ModelRequest = REQUEST, **options: Any
) -> ModelCompletion:
    with serve(script) as server:
        model = open_to(server, **{"max_retries": 0, **options})
        try:
            return await model.complete(request, on_text)
        finally:
            await model.aclose()


async def failure(script: Script, *, request: ModelRequest = REQUEST, **options: Any) -> ModelFailed:
    with pytest.raises(ModelFailed) as failed:
        await ask(script, request=request, **options)
    return presentable(failed.value)


async def test_an_answer_streams_and_is_billed_with_what_the_cache_took() -> None:
    pieces: list[str] = []
    usage = {"input_tokens": 20, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 40, "output_tokens": 80}
    prices = Prices(Decimal(10), Decimal(20), cached=Decimal(1))
    answer = await ask(lambda body: Reply("hello " * 45, thinking="well", usage=usage), pieces.append, prices=prices)
    assert "".join(pieces) == answer.text == "hello " * 45
    assert len(pieces) == 2
    assert (answer.tokens_in, answer.tokens_out, answer.tokens_cached) == (120, 80, 60)
    assert answer.cost_usd == (20 * Decimal(10) + 60 * Decimal(1) + 40 * Decimal("12.5") + 80 * Decimal(20)) / 1_000_000
    assert answer.finish_reason == "stop"


async def test_the_request_has_its_system_prompt_apart_and_its_stable_parts_marked() -> None:
    with serve(lambda body: "x") as server:
        model = open_to(server)
        await model.complete(replace(REQUEST, messages=[SYSTEM, *REQUEST.messages], tools=[READ]), silent)
        await model.aclose()
    (body,) = server.requests
    assert body["system"] == [{"type": "text", "text": "You write code.", "cache_control": {"type": "ephemeral"}}]
    assert body["messages"][0]["content"][-1]["cache_control"] == {"type": "ephemeral"}
    assert body["tools"] == [{"name": "read_file", "description": READ.description, "input_schema": READ.parameters}]
    assert body["max_tokens"] == 200
    headers = {name.lower(): value for name, value in body["_headers"].items()}
    assert KEY in (headers.get("x-api-key") or headers["authorization"])


async def test_tool_calls_come_and_their_results_go_back() -> None:
    calls = (Call("read_file", {"path": "a.py"}), Call("read_file", '{"path": '))
    messages: list[ChatMessage] = [SYSTEM, *REQUEST.messages]

    def script(body: dict[str, Any]) -> Reply | str:
        return Reply("I look.", calls=calls) if len(body["messages"]) == 1 else "done"

    with serve(script) as server:
        model = open_to(server)
        first = await model.complete(replace(REQUEST, messages=messages, tools=[READ]), silent)
        assert first.finish_reason == "tool_calls"
        assert list(first.tool_calls) == [
            {"id": "toolu_0", "name": "read_file", "arguments": {"path": "a.py"}},
            {"id": "toolu_1", "name": "read_file", "arguments": {}, "raw": '{"path": '},
        ]
        messages += [
            {"role": "assistant", "content": first.text, "tool_calls": first.tool_calls},
            {"role": "tool", "content": "print()", "tool_call_id": "toolu_0"},
            {"role": "tool", "content": "", "tool_call_id": "toolu_1"},
            {"role": "user", "content": "Someone says: be quick."},
        ]
        for tools in ([READ], []):
            assert (await model.complete(replace(REQUEST, messages=messages, tools=tools), silent)).text == "done"
        await model.aclose()
    assert server.requests[-1]["tool_choice"] == {"type": "none"}


async def test_a_conversation_of_another_provider_is_taken_over() -> None:
    messages: list[ChatMessage] = [
        {"role": "assistant", "content": "  ", "tool_calls": [{"id": "call:1/ä", "name": "read_file", "arguments": {}}]},
        {"role": "tool", "content": "x", "tool_call_id": "call:1/ä"},
        {"role": "assistant", "content": ""},
        {"role": "user", "content": "\n"},
    ]
    assert (await ask(lambda body: "fine", request=replace(REQUEST, messages=messages, tools=[READ]))).text == "fine"


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (Reply("Overloaded", status=529, error="overloaded_error"), ModelUnavailable, "model_unavailable"),
        (Reply("x", fault="error_in_stream", error="overloaded_error"), ModelUnavailable, "model_unavailable"),
        (Reply("x", fault="half_stream"), ModelUnavailable, "model_unavailable"),
        (Reply("x", fault="html"), ModelFailed, "model_garbage"),
        (Reply("slow", status=429, error="rate_limit_error", headers={"retry-after": "9"}), RateLimited, "rate_limited"),
        (Reply("prompt is too long: 208310 tokens > 200000 maximum", status=400), ContextOverflow, "context_overflow"),
        (Reply("x", status=413, error="request_too_large"), ContextOverflow, "context_overflow"),
        (Reply("x", stop_reason="model_context_window_exceeded"), ContextOverflow, "context_overflow"),
        (Reply("x", stop_reason="refusal"), ContentFiltered, "content_filtered"),
        (Reply("Output blocked by content filtering policy", status=400), ContentFiltered, "content_filtered"),
        (Reply("Your credit balance is too low", status=400), ModelUnavailable, "model_no_credit"),
        (Reply(f"invalid x-api-key {KEY}", status=401, error="authentication_error"), ModelFailed, "model_unauthorized"),
        (Reply("model: scripted", status=404, error="not_found_error"), ModelFailed, "model_refused"),
        (Reply("temperature: bad", status=400, error="invalid_request_error"), ModelFailed, "model_refused"),
    ],
)
async def test_errors_are_those_of_every_provider(reply: Reply, kind: type[ModelFailed], code: str) -> None:
    error = await failure(lambda body: reply)
    assert type(error) is kind or isinstance(error, kind)
    assert error.code == code
    if isinstance(error, RateLimited):
        assert error.retry_after == 9


async def test_an_overloaded_endpoint_is_asked_again() -> None:
    replies = iter([Reply(status=529, error="overloaded_error"), Reply(status=429, headers={"retry-after": "0.05"})])
    assert (await ask(lambda body: next(replies, Reply("fine")), max_retries=2)).text == "fine"


async def test_an_answer_at_its_limit_is_cut() -> None:
    assert (await ask(lambda body: Reply("x", stop_reason="max_tokens"))).finish_reason == "length"


async def test_a_limit_above_the_models_is_lowered_to_it() -> None:
    def script(body: dict[str, Any]) -> Reply | str:
        words = f"max_tokens: {body['max_tokens']} > 64, which is the maximum allowed number of output tokens for scripted"
        return Reply(words, status=400) if body["max_tokens"] > 64 else "fine"

    with serve(script) as server:
        model = open_to(server)
        assert [(await model.complete(REQUEST, silent)).text for _ in range(2)] == ["fine", "fine"]
        await model.aclose()
    assert [body["max_tokens"] for body in server.requests] == [200, 64, 64]


async def test_a_stall_is_interrupted_and_so_is_a_cancelled_call() -> None:
    error = await failure(lambda body: Reply("hello", fault="stall"), stall_timeout=0.3)
    assert error.code == "model_stalled"
    asked = threading.Event()

    def stall(body: dict[str, Any]) -> Reply:
        asked.set()
        return Reply("hello", fault="stall")

    with serve(stall) as server:
        await cancel_when_asked(open_to(server), asked)


async def test_it_sends_nobody_elsewhere_and_names_what_is_missing() -> None:
    with serve(lambda body: "never asked") as elsewhere:
        await failure(lambda body: Reply("moved", status=307, headers={"Location": f"{elsewhere.url}/v1/messages"}))
        assert elsewhere.requests == []
    with pytest.raises(ModelFailed, match="no key") as failed:
        open_model("anthropic", model="claude")
    assert "ANTHROPIC_API_KEY" in failed.value.hint
