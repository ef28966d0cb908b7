"""Refusals, wrong numbers and limits of an OpenAI-compatible endpoint, each with what a caller can do about it."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from decimal import Decimal
from email.utils import formatdate
from typing import Any

import pytest

from agent.errors import ContentFiltered, ContextOverflow, ModelFailed, RateLimited
from agent.models import ModelUnavailable, Prices
from agent.models.prices import estimate_prompt
from agent.models.retry_after import retry_after, span
from agent.token_estimates import estimate_tokens
from tests.agent.models.endpoints import KEY, REQUEST, ask, cancel_when_asked, failure, open_to, presentable, silent
from tests.support.scripted_openai import Reply, serve

pytestmark = pytest.mark.asyncio

OVERFLOWS = [
    (
        400,
        "context_length_exceeded",
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 9.",
    ),
    (
        400,
        "",
        "You passed 1015 input tokens and requested 10 output tokens. However, the model's context length is only 1024 tokens",
    ),
    (
        400,
        "exceed_context_size_error",
        "request (9000 tokens) exceeds the available context size (4096 tokens), try increasing it",
    ),
    (400, "", "This endpoint's maximum context length is 32768 tokens. However, you requested about 40000 tokens."),
    (400, "", "The prompt (total length 25938) is too long to fit into the model (context length 4096)."),
    (500, "", "the request exceeds the available context size"),
    (413, "", "Payload Too Large"),
    (429, "rate_limit_exceeded", "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 50000."),
]


@pytest.mark.parametrize(("status", "code", "words"), OVERFLOWS)
async def test_a_prompt_that_is_too_long_is_told_apart(status: int, code: str, words: str) -> None:
    error = await failure(lambda messages: Reply(words, status=status, code=code), max_retries=2)
    assert isinstance(error, ContextOverflow)
    assert error.code == "context_overflow"


@pytest.mark.parametrize(
    "reply",
    [
        Reply("partly", finish_reason="content_filter"),
        Reply(refusal="I can't help with that."),
        Reply("The response was filtered due to Azure's content management policy.", status=400, code="content_filter"),
        Reply("anthropic/claude requires moderation. Your input was flagged for violence.", status=403),
    ],
)
async def test_a_content_filter_is_told_apart(reply: Reply) -> None:
    assert isinstance(await failure(lambda messages: reply), ContentFiltered)


@pytest.mark.parametrize(("status", "code"), [(429, "insufficient_quota"), (402, "")])
async def test_no_credit_is_not_waited_for(status: int, code: str) -> None:
    error = await failure(lambda messages: Reply("You exceeded your quota.", status=status, code=code), max_retries=5)
    assert isinstance(error, ModelUnavailable)
    assert error.code == "model_no_credit"


async def test_a_cut_answer_says_so() -> None:
    assert (await ask(lambda messages: Reply("half", finish_reason="length"))).finish_reason == "length"


@pytest.mark.parametrize(
    "usage",
    [
        False,
        {},
        {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        {"prompt_tokens": -7, "completion_tokens": -7},
        {"prompt_tokens": "many", "completion_tokens": None},
        {"prompt_tokens": 10**9, "completion_tokens": 10**9},
        {"prompt_tokens": 1, "completion_tokens": 0},
    ],
)
async def test_usage_that_can_not_be_is_replaced_by_the_upper_estimate(usage: Any) -> None:
    answer = await ask(lambda messages: Reply("hello " * 60, usage=usage), prices=Prices(Decimal(1), Decimal(1)))
    assert answer.tokens_in == estimate_prompt(REQUEST)
    assert answer.tokens_out == 60 * 6 // 3 + 1
    assert answer.cost_usd == Decimal(answer.tokens_in + answer.tokens_out) / 1_000_000


async def test_cached_prompt_tokens_are_counted_and_priced() -> None:
    usage = {"prompt_tokens": 80, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 60}}
    prices = Prices(Decimal(10), Decimal(20), cached=Decimal(1))
    answer = await ask(lambda messages: Reply("hello " * 10, usage=usage), prices=prices)
    assert (answer.tokens_in, answer.tokens_out, answer.tokens_cached) == (80, 20, 60)
    assert answer.cost_usd == Decimal(20 * 10 + 60 * 1 + 20 * 20) / 1_000_000


async def test_more_cached_tokens_than_tokens_are_not_believed() -> None:
    usage = {"prompt_tokens": 80, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 10**6}}
    assert (await ask(lambda messages: Reply("hello " * 10, usage=usage))).tokens_cached == 80


async def test_thinking_is_no_part_of_the_answer_and_is_counted() -> None:
    pieces: list[str] = []
    answer = await ask(lambda messages: Reply("hello", reasoning="so " * 200, usage=False), pieces.append)
    assert answer.text == "".join(pieces) == "hello"
    assert answer.tokens_out > estimate_tokens(["so " * 200])


async def test_an_answer_never_takes_more_than_was_estimated() -> None:
    with serve(lambda messages: "ab " * 5000) as server:
        model = open_to(server, prices=Prices(Decimal(2), Decimal(8)))
        for max_tokens in (10, 150, None):
            request = replace(REQUEST, max_tokens=max_tokens)
            estimate, answer = model.estimate(request), await model.complete(request, silent)
            assert answer.tokens_out <= estimate.tokens_out + 200 // 3 + 1  # a piece of 200 characters is not cut in two
            assert estimate.cost_usd is not None
        await model.aclose()


async def test_what_an_endpoint_reports_raises_the_estimate_of_later_calls() -> None:
    with serve(lambda messages: Reply("x", usage={"prompt_tokens": 200, "completion_tokens": 1})) as server:
        model = open_to(server)
        before = model.estimate(REQUEST).tokens_in
        await model.complete(REQUEST, silent)
        assert before < 200 <= model.estimate(REQUEST).tokens_in
        await model.aclose()


async def test_thinking_that_is_billed_unseen_is_expected_from_then_on() -> None:
    usage = {"prompt_tokens": 60, "completion_tokens": 9_000, "total_tokens": 9_060}
    with serve(lambda messages: Reply("x", usage=usage)) as server:
        model = open_to(server)
        assert (await model.complete(REQUEST, silent)).tokens_out == 9_000
        assert model.estimate(REQUEST).tokens_out == 9_000
        await model.aclose()


async def test_an_estimate_errs_upwards_for_any_script() -> None:
    for text, at_least in (
        ("word " * 99, 124),
        ("汉字" * 100, 250),
        ("Привет " * 50, 150),
        ("🎉" * 50, 100),
        ("0fA9" * 99, 198),
    ):
        assert estimate_tokens([text]) >= at_least


@pytest.mark.parametrize(
    ("here", "name"), [({}, "max_tokens"), ({"Unsupported parameter: 'max_tokens'"}, "max_completion_tokens")]
)
async def test_a_limit_is_sent_where_the_settings_have_one(here: set[str], name: str) -> None:
    refusals = iter(here)

    def script(messages: list[Any]) -> Reply | str:
        words = next(refusals, None)
        return "fine" if words is None else Reply(words, status=400)

    with serve(script) as server:
        model = open_to(server, max_output_tokens=100)
        assert (await model.complete(REQUEST, silent)).text == "fine"
        assert model.estimate(REQUEST).tokens_out == 100
        await model.aclose()
    assert server.requests[-1][name] == 100


async def test_a_server_without_any_limit_is_asked_without() -> None:
    replies = iter([Reply("unknown field: max_tokens", status=400), Reply("unknown field: max_completion_tokens", status=400)])
    with serve(lambda messages: next(replies, Reply("fine"))) as server:
        model = open_to(server, max_output_tokens=100)
        answers = [(await model.complete(REQUEST, silent)).text for _ in range(2)]
        await model.aclose()
    assert answers == ["fine", "fine"]
    assert len(server.requests) == 4


async def test_a_date_in_retry_after_is_waited_for() -> None:
    replies = iter([Reply(status=429, headers={"retry-after": formatdate(time.time() + 1, usegmt=True)})])
    assert (await ask(lambda messages: next(replies, Reply("fine")), max_retries=1)).text == "fine"


async def test_many_short_limits_are_waited_for_and_a_long_one_is_told() -> None:
    replies = iter([Reply(status=429, headers={"retry-after": "0.02"})] * 6)
    assert (await ask(lambda messages: next(replies, Reply("fine")), max_retries=1)).text == "fine"

    error = await failure(lambda messages: Reply("slow down", status=429, headers={"retry-after": "3000"}), max_retries=5)
    assert isinstance(error, RateLimited)
    assert error.retry_after == 3000
    assert "50 min" in error.hint


async def test_waits_for_a_limit_are_bounded_in_all() -> None:
    asked: list[Any] = []

    def busy(messages: Any) -> Reply:
        asked.append(messages)
        return Reply(status=429, headers={"retry-after": "0.2"})

    error = await failure(busy, max_retries=50, max_wait=0.5)
    assert isinstance(error, RateLimited)
    assert len(asked) <= 3, "the first, and one after each wait that fits"


async def test_a_wait_for_a_limit_ends_with_the_run() -> None:
    asked = threading.Event()

    def busy(messages: Any) -> Reply:
        asked.set()
        return Reply(status=429, headers={"retry-after": "25"})

    with serve(busy) as server:
        await cancel_when_asked(open_to(server), asked)
        assert len(server.requests) == 1


async def test_others_do_not_run_into_a_limit_that_one_was_told() -> None:
    with serve(lambda messages: Reply("slow down", status=429, headers={"retry-after": "40"})) as server:
        for _ in range(2):
            model = open_to(server)
            with pytest.raises(RateLimited) as failed:
                await model.complete(REQUEST, silent)
            assert presentable(failed.value).hint.startswith("Resume the run in")  # type: ignore[attr-defined]
            await model.aclose()
    assert len(server.requests) == 1


async def test_text_that_was_shown_is_not_asked_for_again() -> None:
    with serve(lambda messages: Reply("hello " * 30, fault="half_stream")) as server:
        model = open_to(server, max_retries=5)
        with pytest.raises(ModelUnavailable):
            await model.complete(REQUEST, silent)
        await model.aclose()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("headers", "words", "seconds"),
    [
        ({"Retry-After": "7"}, "", 7),
        ({"retry-after-ms": "1500", "retry-after": "9"}, "", 1.5),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, "", 360),
        (
            {"x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-requests": "20ms"},
            "",
            0.02,
        ),
        ({}, "Rate limit reached. Please try again in 1.2s. Visit …", 1.2),
        ({}, "Please try again in 1m30s.", 90),
        ({}, "Please retry after 20 seconds.", 20),
        ({"retry-after": "soon"}, "", None),
        ({"retry-after": "-3"}, "", None),
        ({"retry-after": "inf"}, "", None),
        ({"retry-after": "1e30"}, "", 7 * 86_400),
        ({}, "", None),
    ],
)
async def test_when_to_come_back_is_found(headers: dict[str, str], words: str, seconds: float | None) -> None:
    assert retry_after(headers, words) == (None if seconds is None else pytest.approx(seconds))


async def test_resets_may_be_times() -> None:
    soon = time.time() + 3000
    assert retry_after({"x-ratelimit-reset": str(round(soon))}) == pytest.approx(3000, abs=100)
    assert retry_after({"x-ratelimit-reset": str(round(soon * 1000))}) == pytest.approx(3000, abs=100)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(soon))
    assert retry_after(
        {"anthropic-ratelimit-tokens-reset": stamp, "anthropic-ratelimit-tokens-remaining": "0"}
    ) == pytest.approx(3000, abs=100)
    assert [span(s) for s in (0.5, 7, 90, 600, 90_000)] == ["0.5 s", "7 s", "90 s", "10 min", "25 h"]


async def test_a_key_in_what_the_endpoint_says_is_not_passed_on() -> None:
    for status in (400, 402, 404, 413, 429, 500):
        error = await failure(lambda messages, status=status: Reply(f"your key {KEY} …", status=status))  # type: ignore[misc]
        assert isinstance(error, ModelFailed)
