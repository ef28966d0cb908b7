"""The OpenAI-compatible model against a real HTTP server that answers, stalls, breaks off and refuses."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest

from agent.errors import ModelFailed, RateLimited
from agent.models import Prices, open_model
from agent.models.errors import ModelUnavailable
from agent.ports import ModelCompletion
from tests.agent.models.endpoints import KEY, REQUEST, ask, cancel_when_asked, failure, open_to, silent
from tests.support.scripted_openai import Reply, serve, usage_of

pytestmark = pytest.mark.asyncio


async def test_an_answer_streams_and_is_billed_as_the_endpoint_says() -> None:
    pieces: list[str] = []
    prices = Prices(input=Decimal("2.50"), output=Decimal(10))
    answer = await ask(lambda messages: "hello " * 45, pieces.append, prices=prices)

    usage = usage_of(REQUEST.messages, answer.text)
    assert len(pieces) == 2
    assert "".join(pieces) == answer.text == "hello " * 45
    assert (answer.tokens_in, answer.tokens_out) == (usage["prompt_tokens"], usage["completion_tokens"])
    assert answer.cost_usd == (Decimal("2.50") * answer.tokens_in + 10 * answer.tokens_out) / 1_000_000
    assert ModelCompletion.from_json(answer.to_json()) == answer


async def test_without_usage_it_is_estimated_and_without_prices_the_cost_is_unknown() -> None:
    answer = await ask(lambda messages: Reply("hello", usage=False))
    assert answer.tokens_in > 0
    assert answer.tokens_out > 0
    assert answer.cost_usd is None


async def test_the_request_asks_for_usage_and_sends_no_limit() -> None:
    with serve(lambda messages: "x") as server:
        model = open_to(server)
        await model.complete(REQUEST, silent)
        await model.aclose()
    assert server.requests[0]["stream_options"] == {"include_usage": True}
    assert not {"max_tokens", "max_completion_tokens"} & server.requests[0].keys()
    assert server.requests[0]["_headers"]["Authorization"] == f"Bearer {KEY}"


async def test_a_server_that_does_not_know_usage_is_asked_without_it() -> None:
    replies = iter([Reply("Unrecognized argument: stream_options", status=400), Reply("fine"), Reply("again")])
    with serve(lambda messages: next(replies)) as server:
        model = open_to(server)
        answers = [(await model.complete(REQUEST, silent)).text for _ in range(2)]
        await model.aclose()
    assert answers == ["fine", "again"]
    assert ["stream_options" in body for body in server.requests] == [True, False, False]


async def test_an_endless_answer_is_cut() -> None:
    answer = await ask(lambda messages: "again and " * 100_000)
    assert answer.finish_reason == "length"
    assert len(answer.text) < 1_000
    assert answer.tokens_out > 0


async def test_a_stall_is_noticed_and_interrupted() -> None:
    error = await failure(lambda messages: Reply("hello " * 100, fault="stall"), stall_timeout=0.3)
    assert isinstance(error, ModelUnavailable)
    assert error.code == "model_stalled"
    assert "127.0.0.1" in error.detail
    assert "0.3 s" in error.detail


async def test_silence_before_the_first_piece_is_a_stall_too() -> None:
    error = await failure(lambda messages: Reply("x", delay=5), stall_timeout=0.3)
    assert error.code == "model_stalled"


async def test_a_call_is_bounded_as_a_whole() -> None:
    error = await failure(lambda messages: Reply("hello " * 100, fault="stall"), timeout=0.3, stall_timeout=60)
    assert isinstance(error, ModelUnavailable)
    assert error.code == "model_timeout"


async def test_half_a_stream_is_not_taken_for_an_answer() -> None:
    error = await failure(lambda messages: Reply("hello " * 100, fault="half_stream"))
    assert isinstance(error, ModelUnavailable)
    assert "middle of an answer" in error.detail


@pytest.mark.parametrize("fault", ["garbage", "html"])
async def test_something_else_than_a_completion_is_named(fault: Any) -> None:
    error = await failure(lambda messages: Reply("x" if fault == "html" else "", fault=fault))
    assert error.code == "model_garbage"
    assert "OPENAI_BASE_URL" in error.hint


async def test_an_error_inside_the_stream_is_the_endpoints_fault() -> None:
    error = await failure(lambda messages: Reply("hello", fault="error_in_stream"))
    assert isinstance(error, ModelUnavailable)
    assert "fell over" in error.detail


async def test_server_errors_are_retried_a_bounded_number_of_times() -> None:
    replies = iter([Reply(status=500), Reply(status=503), Reply("at last")])
    assert (await ask(lambda messages: next(replies), max_retries=2)).text == "at last"
    error = await failure(lambda messages: Reply(status=500), max_retries=0)
    assert isinstance(error, ModelUnavailable)
    assert "500" in error.detail


async def test_a_rate_limit_says_when_to_come_back() -> None:
    error = await failure(lambda messages: Reply("slow down", status=429, headers={"retry-after": "7"}))
    assert isinstance(error, RateLimited)
    assert "7 s" in error.hint


async def test_a_short_rate_limit_is_waited_for() -> None:
    replies = iter([Reply(status=429, headers={"retry-after": "0.1"}), Reply("fine")])
    assert (await ask(lambda messages: next(replies), max_retries=2)).text == "fine"


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "model_unauthorized"), (403, "model_unauthorized"), (404, "model_refused"), (400, "model_refused")],
)
async def test_wrong_settings_are_final(status: int, code: str) -> None:
    error = await failure(lambda messages: Reply(f"no, not with {KEY}", status=status))
    assert not isinstance(error, ModelUnavailable | RateLimited)
    assert error.code == code


async def test_nobody_at_home_names_the_host() -> None:
    model = open_model("openai", model="scripted", api_key=KEY, base_url="http://user:pw@127.0.0.1:9/v1", max_retries=0)
    with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1:9 can't be reached") as failed:
        await model.complete(REQUEST, silent)
    assert "pw" not in failed.value.detail
    await model.aclose()


async def test_cancelling_the_task_ends_the_call_at_once() -> None:
    asked = threading.Event()

    def stall(messages: Any) -> Reply:
        asked.set()
        return Reply("hello " * 100, fault="stall")

    with serve(stall) as server:
        await cancel_when_asked(open_to(server), asked)


async def test_what_is_missing_is_said_before_the_first_call() -> None:
    with pytest.raises(ModelFailed, match="No model is named"):
        open_model("openai", api_key=KEY)
    with pytest.raises(ModelFailed, match="no key"):
        open_model("openai", model="x")


async def test_an_endpoint_sends_nobody_elsewhere() -> None:
    with serve(lambda messages: "never asked") as elsewhere:
        for status in (307, 308):
            location = {"Location": f"{elsewhere.url}/chat/completions"}
            await failure(lambda messages, s=status, h=location: Reply("moved", status=s, headers=h))  # type: ignore[misc]
        assert elsewhere.requests == []
