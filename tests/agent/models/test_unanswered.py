"""A request that the endpoint had and did not answer may be billed: it is counted, and held before it is made again."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from agent.errors import ModelFailed, Paused
from agent.models import ModelSettings, ModelUnavailable, Prices, open_models
from agent.models.answer_room import AnswerRoom, answer_room
from agent.ports import CallEstimate
from agent.team.model_calls import ModelCalls
from tests.agent.harness import Harness
from tests.agent.models.endpoints import KEY, REQUEST, ask, failure, open_to, settings_for, silent
from tests.support.scripted_openai import Message, Reply, ScriptedOpenAI, serve

pytestmark = pytest.mark.asyncio

PRICES = Prices(Decimal("2"), Decimal("10"))


class Cut:
    """A script whose server resets the connection of the first ``times`` requests."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.server: ScriptedOpenAI

    def __call__(self, messages: list[Message]) -> str:
        self.server.cut = self.left > 0
        self.left -= 1
        return "hello"


async def test_a_prompt_that_got_no_answer_is_part_of_what_the_call_took() -> None:
    whole = await ask(lambda messages: "hello", prices=PRICES)
    cut = Cut(2)
    with serve(cut) as cut.server:
        model = open_to(cut.server, max_retries=2, prices=PRICES)
        estimate = model.estimate(REQUEST)
        completion = await model.complete(REQUEST, silent)
        await model.aclose()
    assert len(cut.server.requests) == 3
    assert completion.tokens_in >= whole.tokens_in + 2 * whole.tokens_in
    assert completion.tokens_in <= whole.tokens_in + 2 * estimate.tokens_in
    assert completion.cost_usd == PRICES.cost(completion.tokens_in, completion.tokens_out)


@pytest.mark.parametrize(
    ("reply", "unanswered"),
    [
        (Reply("x", delay=5), 1), (Reply("hello " * 100, fault="half_stream"), 1), (Reply(status=504), 1),
        (Reply("hello " * 100, fault="error_in_stream"), 1), (Reply(reasoning="Well", fault="error_in_stream"), 1),
        (Reply(fault="error_in_stream"), 0), (Reply(status=500), 0), (Reply(status=429), 0), (Reply(status=401), 0),
    ],
)  # fmt: skip
async def test_an_error_says_whether_the_prompt_may_be_billed(reply: Reply, unanswered: int) -> None:
    error = await failure(lambda messages: reply, stall_timeout=0.3)
    assert error.unanswered == unanswered


async def test_each_repeated_request_counts_and_what_was_never_sent_does_not() -> None:
    cut = Cut(9)
    with serve(cut) as cut.server, pytest.raises(ModelUnavailable) as failed:
        await open_to(cut.server, max_retries=2).complete(REQUEST, silent)
    assert failed.value.unanswered == len(cut.server.requests) == 3
    closed = ModelSettings("openai", model="m", api_key=KEY, base_url="http://127.0.0.1:9/v1", max_retries=0)
    with pytest.raises(ModelUnavailable) as failed:
        await open_models(closed).complete(REQUEST, silent)
    assert failed.value.unanswered == 0


async def test_a_request_is_made_again_only_where_the_budget_holds_its_prompt_once_more() -> None:
    held: list[int] = []

    async def grow(tokens: int, prompts: int) -> None:
        if prompts > 2:
            raise Paused("budget", "The cap is reached.")
        held.append(prompts)

    cut = Cut(9)
    token = answer_room.set(AnswerRoom(100, 100, grow))
    try:
        with serve(cut) as cut.server, pytest.raises(ModelFailed) as failed:
            await open_to(cut.server, max_retries=4).complete(REQUEST, silent)
    finally:
        answer_room.reset(token)
    assert held == [2]
    assert failed.value.unanswered == len(cut.server.requests) == 2


async def test_what_the_first_endpoint_lost_is_counted_with_the_answer_of_the_second() -> None:
    cut = Cut(9)
    with serve(cut) as cut.server, serve(lambda messages: "fine") as second:
        model = open_models(settings_for(cut.server, max_retries=1), settings_for(second))
        completion = await model.complete(REQUEST, silent)
        await model.aclose()
        alone = open_to(second)
        answered = await alone.complete(REQUEST, silent)
        await alone.aclose()
    assert completion.by_fallback
    assert completion.tokens_in >= 3 * answered.tokens_in


async def test_what_an_endpoint_without_prices_lost_has_no_known_cost() -> None:
    cut = Cut(9)
    with serve(cut) as cut.server, serve(lambda messages: "fine") as second:
        model = open_models(settings_for(cut.server, max_retries=0), settings_for(second, prices=PRICES))
        completion = await model.complete(REQUEST, silent)
        await model.aclose()
    assert completion.by_fallback
    assert completion.cost_usd is None


@pytest.mark.parametrize("number", [1, 3])
async def test_a_prompt_of_unknown_price_is_not_free(number: int) -> None:
    assert CallEstimate(700, 300).with_prompts(number) == CallEstimate(number * 700, 300)
    known = CallEstimate(700, 300, Decimal(10), Decimal(3))
    assert known.with_prompts(number) == CallEstimate(number * 700, 300, Decimal(3 + 7 * number), Decimal(3))


async def test_an_answer_of_thoughts_only_that_fails_counts_what_it_thought(workdir: Path) -> None:
    thought = "Let me think. " * 60
    with serve(lambda messages: Reply(reasoning=thought, fault="error_in_stream")) as server:
        harness = Harness(workdir, open_to(server, max_retries=1, stall_timeout=0.3, prices=PRICES))
        with pytest.raises(Paused):
            await ModelCalls(harness.ports).complete(REQUEST)
        await harness.ports.model.aclose()
    once = harness.ports.model.estimate(REQUEST).tokens_in + len(thought) // 3
    assert harness.budget.tokens >= len(server.requests) * once
    assert harness.budget.cost_usd is None, "what part of an answer costs is not known"
    assert not harness.budget._held


async def test_a_call_that_the_budget_does_not_let_be_repeated_waits_for_the_budget(workdir: Path) -> None:
    cut = Cut(9)
    with serve(cut) as cut.server:
        harness = Harness(workdir, open_to(cut.server, max_retries=4))
        harness.budget.max_tokens = harness.ports.model.estimate(REQUEST).tokens
        with pytest.raises(Paused) as paused:
            await ModelCalls(harness.ports).complete(REQUEST)
        await harness.ports.model.aclose()
    assert len(cut.server.requests) == 1
    assert (paused.value.reason, paused.value.hint) == ("budget", "Raise --max-tokens.")
    assert harness.budget.tokens == harness.ports.model.estimate(REQUEST).tokens_in
    assert not harness.budget._held
