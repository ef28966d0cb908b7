"""Refusals in all the shapes that bodies have: the decision and the words come from the whole of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from agent.errors import ContextOverflow, ModelFailed, RateLimited
from agent.models import ModelUnavailable
from agent.models.error_body import MAX_WHOLE, read_error
from tests.agent.models.endpoints import presentable, silent
from tests.agent.models.quirks import ASKED, WITH_TOOL, quirky
from tests.support.quirky_endpoint import ANSWERS


async def refused(name: str) -> ModelFailed:
    async with quirky(name) as (model, _):
        with pytest.raises(ModelFailed) as failed:
            await model.complete(WITH_TOOL, silent)
    return presentable(failed.value)


@pytest.mark.asyncio
@pytest.mark.parametrize("name", [name for name in ANSWERS if name.endswith("-overflow")])
async def test_a_prompt_too_long_is_found_in_any_shape(name: str) -> None:
    error = await refused(name)
    assert isinstance(error, ContextOverflow)
    said = error.detail.partition(": ")[2]
    assert said.startswith(("This model's maximum", "The input token count", "too many tokens")), "the innermost words"


@pytest.mark.asyncio
async def test_a_key_that_is_wrong_is_told_in_the_providers_words() -> None:
    error = await refused("list-bad-key")
    assert error.code == "model_unauthorized"
    assert "API key not valid" in error.detail
    assert "OPENAI_API_KEY" in error.hint


@pytest.mark.asyncio
async def test_a_quota_that_comes_back_is_a_limit_and_one_without_credit_is_not() -> None:
    limited = await refused("list-limited")
    assert isinstance(limited, RateLimited)
    assert limited.retry_after == 31
    assert (await refused("no-credit")).code == "model_no_credit"


@pytest.mark.asyncio
async def test_a_limit_of_one_model_holds_up_no_other() -> None:
    async with quirky("list-limited", role_models={"reviewer": "plain"}) as (model, _):
        with pytest.raises(RateLimited):
            await model.complete(ASKED, silent)
        assert (await model.complete(replace(ASKED, role="reviewer"), silent)).text == "ok"
        with pytest.raises(RateLimited, match="for another"):
            await model.complete(ASKED, silent)


@pytest.mark.asyncio
async def test_a_web_page_is_its_title() -> None:
    error = await refused("html")
    assert isinstance(error, ModelUnavailable)
    assert error.detail.endswith("answered with error 502: 502 Bad Gateway")


@pytest.mark.asyncio
async def test_an_error_that_a_gateway_answers_with_200_is_one() -> None:
    error = await refused("error-with-200")
    assert isinstance(error, ModelUnavailable)
    assert "error 503: Upstream is overloaded" in error.detail


@pytest.mark.asyncio
async def test_no_words_at_all_are_said_to_be_none() -> None:
    assert "it gives no reason" in (await refused("empty")).detail


@pytest.mark.asyncio
async def test_what_is_echoed_of_the_request_decides_nothing() -> None:
    error = await refused("echo")
    assert (type(error), error.code) == (ModelFailed, "model_refused")
    assert "messages.0.content: Input should be a valid list" in error.detail


@pytest.mark.asyncio
@pytest.mark.parametrize(("name", "left_out"), [("detail-422", "stream_options"), ("raw-limit", "max_tokens")])
async def test_a_parameter_is_found_in_details(name: str, left_out: str) -> None:
    async with quirky(name, max_output_tokens=100) as (model, endpoint):
        assert (await model.complete(ASKED, silent)).text == "ok"
    assert [left_out in body for body in endpoint.requests] == [True, False]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "m", "code": "c"}}, "m"),
        ({"message": "m"}, "m"),
        ({"detail": "m"}, "m"),
        ({"error": "m"}, "m"),
        ({"errors": ["m", "n"]}, "m; n"),
        ({"detail": [{"loc": ["body", "x"], "msg": "m"}, {"loc": ["body", "y", 0], "msg": "n"}]}, "x: m; y.0: n"),
        ({"status": 400, "error": "Bad Request", "message": "m", "path": "/v1"}, "m"),
        ({"error": {"message": "outer", "metadata": {"raw": '[{"error": {"message": "inner"}}]'}}}, "inner"),
        ({"error": {"message": "outer", "metadata": {"raw": "not json {"}}}, "not json {"),
        ({"stream_options": ["Unknown field."]}, ""),
        ("m", "m"),
        (json.dumps({"error": {"message": "m"}}), "m"),
        ("<!DOCTYPE html><html><h1>Not  Found</h1></html>", "Not Found"),
        (None, ""),
        (7, ""),
    ],
)
def test_words_for_people_are_the_innermost(body: Any, words: str) -> None:
    assert read_error(body).words == words


def test_names_of_fields_are_part_of_what_decides() -> None:
    assert "stream_options: Unknown field." in read_error({"stream_options": ["Unknown field."]}).whole


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": {"code": 429}}, 429),
        ({"code": "503", "message": "m"}, 503),
        ([{"error": {"code": 400}}], 400),
        ({"error": {"code": 7}}, None),
        ({"error": {"code": "rate_limited"}}, None),
    ],
)
def test_the_status_that_a_body_names(body: Any, status: int | None) -> None:
    assert read_error(body).status == status


def test_hostile_bodies_are_bounded() -> None:
    deep: Any = "m"
    for _ in range(500):
        deep = {"error": deep}
    assert read_error(deep).words == ""
    assert len(read_error({"message": "x" * 10**6, "n": ["y" * 1000] * 5000}).whole) <= MAX_WHOLE
    nested = "m"
    for _ in range(12):
        nested = json.dumps({"message": nested})
    assert read_error(nested).words
    assert read_error("[" * 100_000).words == "[" * 100_000
