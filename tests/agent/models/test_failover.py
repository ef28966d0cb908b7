"""A second endpoint answers while the first can't, and roles have models of their own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from agent.errors import ContentFiltered, ContextOverflow, ModelFailed, RateLimited
from agent.models import ModelUnavailable, Prices, ToolsUnsupported, open_models
from agent.models.failover import Failover
from agent.ports import Model, ModelCompletion
from tests.agent.models.endpoints import READ, REQUEST, open_to, settings_for, silent
from tests.support.scripted_openai import NO_TOOLS, Reply, Script, serve

pytestmark = pytest.mark.asyncio

LATER = Reply("slow down", status=429, headers={"retry-after": "40"})


async def names(model: Model, calls: int) -> list[str]:
    return [(await model.complete(REQUEST, silent)).model for _ in range(calls)]


@pytest.mark.parametrize(
    "reply", [LATER, Reply(status=500), Reply(status=401), Reply(status=404), Reply("x", fault="html"), Reply(status=402)]
)
async def test_the_second_answers_and_the_first_is_left_alone_for_a_while(reply: Reply) -> None:
    with serve(lambda messages: reply) as first, serve(lambda messages: "fine") as second:
        model = open_models(settings_for(first, model="big", max_retries=0), settings_for(second, model="small"))
        assert model.name == "big"
        assert await names(model, 3) == ["small"] * 3
        await model.aclose()
    assert len(first.requests) == 1
    assert len(second.requests) == 3


async def test_an_answer_says_that_it_is_of_the_second_be_its_model_of_the_same_name() -> None:
    with serve(lambda messages: Reply(status=500)) as first, serve(lambda messages: "fine") as second:
        model = open_models(settings_for(first, model="m", max_retries=0), settings_for(second, model="m"))
        completion = await model.complete(REQUEST, silent)
        await model.aclose()
        alone = open_to(second, model="m")
        own = await alone.complete(REQUEST, silent)
        await alone.aclose()
    assert (completion.model, completion.by_fallback, own.by_fallback) == ("m", True, False)
    assert ModelCompletion.from_json(completion.to_json()) == completion
    assert "by_fallback" not in own.to_json()


async def test_the_first_is_asked_again_after_its_rest() -> None:
    replies = iter([Reply(status=500), Reply("well again")])
    with serve(lambda messages: next(replies)) as first, serve(lambda messages: "fine") as second:
        models = [open_to(first, model="big", max_retries=0), open_to(second, model="small")]
        model = Failover(models, cool_down=0.2)
        assert await names(model, 1) == ["small"]
        await asyncio.sleep(0.25)
        assert await names(model, 1) == ["big"]
        await model.aclose()


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(status=400), ModelFailed),
        (Reply("", finish_reason="content_filter"), ContentFiltered),
        (Reply("prompt is too long", status=400), ContextOverflow),
    ],
)
async def test_what_is_wrong_with_the_request_is_not_asked_elsewhere(reply: Reply, kind: type[ModelFailed]) -> None:
    with serve(lambda messages: reply) as first, serve(lambda messages: "fine") as second:
        model = open_models(settings_for(first), settings_for(second))
        if reply.status == 400 and kind is ModelFailed:
            assert await names(model, 1) == ["scripted"]  # another endpoint may well take what this one refuses
        else:
            with pytest.raises(kind):
                await model.complete(REQUEST, silent)
            assert second.requests == []
        await model.aclose()


async def test_if_all_fail_the_run_can_pause_when_one_may_recover() -> None:
    for first_reply, second_reply in ((LATER, Reply(status=401)), (Reply(status=401), LATER)):
        with serve(_always(first_reply)) as first, serve(_always(second_reply)) as second:
            model = open_models(settings_for(first), settings_for(second))
            for _ in range(2):
                with pytest.raises(RateLimited):
                    await model.complete(REQUEST, silent)
            await model.aclose()


async def test_text_that_broke_off_is_paid_too() -> None:
    def broken(messages: list[Any]) -> Reply:
        return Reply("hello " * 60, fault="half_stream")

    prices = Prices(Decimal(1), Decimal(1))
    with serve(broken) as first, serve(lambda messages: "fine") as second:
        model = open_models(settings_for(first, prices=prices), settings_for(second, prices=prices))
        alone = open_to(second, prices=prices)
        both, one = await model.complete(REQUEST, silent), await alone.complete(REQUEST, silent)
        assert both.text == "fine"
        assert both.tokens_out >= one.tokens_out + 30
        assert both.cost_usd is not None
        assert one.cost_usd is not None
        assert both.cost_usd > one.cost_usd
        await asyncio.gather(model.aclose(), alone.aclose())


async def test_an_estimate_covers_whoever_answers() -> None:
    with serve(lambda messages: "x") as first, serve(lambda messages: "x") as second:
        cheap = settings_for(first, prices=Prices(Decimal(1), Decimal(1)))
        dear = settings_for(second, prices=Prices(Decimal(9), Decimal(9)))
        model = open_models(cheap, dear)
        assert model.estimate(REQUEST).cost_usd == open_models(dear).estimate(REQUEST).cost_usd
        assert open_models(cheap, replace(dear, prices=None)).estimate(REQUEST).cost_usd is None


async def test_the_profile_is_the_firsts_but_tools_are_the_answerers() -> None:
    def first_script(messages: list[Any]) -> Reply:
        return Reply(status=503)

    def second_script(messages: list[Any]) -> Reply | str:
        return Reply(NO_TOOLS, status=400) if "tools" in second.requests[-1] else "in words"

    with serve(first_script) as first, serve(second_script) as second:
        model = open_models(
            settings_for(first, model="big", context_tokens=100_000, edit_format="unified", max_retries=0),
            settings_for(second, model="small", context_tokens=8_000),
        )
        with pytest.raises(ToolsUnsupported):
            await model.complete(replace(REQUEST, tools=[READ]), silent)
        profile = model.profile("engineer")
        assert (profile.model, profile.context_tokens, profile.edit_format) == ("big", 100_000, "unified")
        assert not profile.native_tools
        assert await names(model, 1) == ["small"]
        await model.aclose()


async def test_roles_have_models_of_their_own_at_one_endpoint() -> None:
    with serve(lambda messages: "x") as server:
        model = open_to(server, model="big", role_models={"reviewer": "small"})
        review = await model.complete(replace(REQUEST, role="reviewer"), silent)
        write = await model.complete(REQUEST, silent)
        await model.aclose()
    assert (review.model, write.model) == ("small", "big")
    assert [body["model"] for body in server.requests] == ["small", "big"]
    assert model.profile("reviewer").model == "small"


async def test_one_run_uses_one_connection() -> None:
    with serve(lambda messages: "x") as server:
        model = open_to(server)
        await names(model, 5)
        await model.aclose()
    assert len({body["_peer"] for body in server.requests}) == 1


async def test_a_single_endpoint_needs_no_failover() -> None:
    with serve(lambda messages: Reply(status=503)) as server:
        model = open_to(server, max_retries=0)
        assert not isinstance(model, Failover)
        with pytest.raises(ModelUnavailable):
            await model.complete(REQUEST, silent)
        await model.aclose()


def _always(reply: Reply) -> Script:
    return lambda messages: reply
