"""What an endpoint refuses of a request is refused once, done without, and remembered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agent.errors import ModelFailed
from tests.agent.models.endpoints import silent
from tests.agent.models.quirks import ASKED, TALK, WITH_TOOL, quirky, two_turns
from tests.support.quirky_endpoint import ANSWERS

pytestmark = pytest.mark.asyncio
MERGED = [{"role": "user", "content": "You write code.\n\nSay hello."}]


@pytest.mark.parametrize(
    ("name", "requests", "sent"),
    [
        ("no-system", 2, MERGED),
        ("developer-only", 2, [{**TALK[0], "role": "developer"}, TALK[1]]),
        ("no-developer", 3, MERGED),
        ("template-500", 2, MERGED),
        ("roles-422", 2, MERGED),
    ],
)
async def test_instructions_go_where_the_model_takes_them(name: str, requests: int, sent: list[Any]) -> None:
    async with quirky(name) as (model, endpoint):
        assert [(await model.complete(ASKED, silent)).text for _ in range(2)] == ["ok", "ok"]
    assert len(endpoint.requests) == requests + 1, "refused once for each role, then remembered"
    assert endpoint.requests[-1]["messages"] == sent


async def test_instructions_stand_alone_where_the_user_has_said_nothing() -> None:
    async with quirky("no-system") as (model, endpoint):
        await model.complete(replace(ASKED, messages=TALK[:1]), silent)
    assert endpoint.requests[-1]["messages"] == [{"role": "user", "content": "You write code."}]


@pytest.mark.parametrize("name", ["no-stream", "no-stream-no-type", "no-stream-403"])
async def test_an_endpoint_that_refuses_streams_is_asked_for_a_whole_answer(name: str) -> None:
    seen: list[str] = []
    async with quirky(name) as (model, endpoint):
        first, second = await model.complete(ASKED, seen.append), await model.complete(ASKED, silent)
    assert [body["stream"] for body in endpoint.requests] == [True, False, False]
    assert "stream_options" not in endpoint.requests[-1]
    assert (first.text, second.text, seen) == ("ok", "ok", ["ok"])
    assert first.tokens_in == 7, "its usage is read"


@pytest.mark.parametrize("name", ["ignores-stream", "no-type", "odd-type"])
async def test_an_answer_in_one_piece_is_read_whatever_it_goes_by(name: str) -> None:
    async with quirky(name) as (model, endpoint):
        answer = await model.complete(ASKED, silent)
    assert (answer.text, answer.finish_reason, answer.tokens_in) == ("ok", "stop", 7)
    assert len(endpoint.requests) == 1


async def test_calls_in_one_piece_are_told_apart() -> None:
    async with quirky("ignores-stream-calling") as (model, _):
        first, second = await two_turns(model)
    assert [call["id"] for call in first.tool_calls] == ["c1", "c2"]
    assert (first.finish_reason, second.text) == ("tool_calls", "ok")


async def test_a_silent_endpoint_that_does_not_stream_has_the_whole_time() -> None:
    """Its answer comes at once and late: only the first call is bounded by the silence that streams may have."""
    async with quirky("no-stream", stall_timeout=30, timeout=30) as (model, _):
        await model.complete(ASKED, silent)
        object.__setattr__(model.settings, "stall_timeout", 0.0)  # type: ignore[attr-defined]
        assert (await model.complete(ASKED, silent)).text == "ok"


async def test_everything_may_be_refused_at_once() -> None:
    async with quirky("all-at-once", max_output_tokens=100) as (model, endpoint):
        assert [(await model.complete(ASKED, silent)).text for _ in range(2)] == ["ok", "ok"]
    last = endpoint.requests[-1]
    assert (last["messages"], last["stream"], last["max_completion_tokens"]) == (MERGED, False, 100)
    assert len(endpoint.requests) == 5


async def test_what_one_model_refuses_is_still_sent_to_the_others() -> None:
    async with quirky("no-system", role_models={"reviewer": "plain"}) as (model, endpoint):
        await model.complete(ASKED, silent)
        await model.complete(replace(ASKED, role="reviewer"), silent)
    assert endpoint.requests[-1]["messages"] == TALK


async def test_neither_temperature_nor_other_sampling_is_ever_sent() -> None:
    async with quirky("plain", max_output_tokens=50) as (model, endpoint):
        await model.complete(WITH_TOOL, silent)
    assert endpoint.requests[0].keys() == {"model", "messages", "stream", "stream_options", "tools", "max_tokens"}


async def test_thinking_alone_is_the_answer() -> None:
    seen: list[str] = []
    async with quirky("reasoning-only") as (model, _):
        answer = await model.complete(ASKED, seen.append)
    assert answer.text == "".join(seen) == "the answer"


@pytest.mark.parametrize(
    "words",
    [
        "Input should be 'system', 'user' or 'assistant'",
        "Invalid value: 'tool'. Supported values are: 'system', 'assistant', and 'user'.",
        "The upstream server said no.",
        "temperature is not supported",
    ],
)
async def test_other_refusals_are_told_at_once(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ANSWERS, "other", (400, {"error": {"message": words}}))
    async with quirky("other") as (model, endpoint):
        with pytest.raises(ModelFailed, match="refused the request"):
            await model.complete(ASKED, silent)
    assert len(endpoint.requests) == 1
