"""An endpoint that reads a part of the prompt and says nothing is found out by the sizes that it reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.models.cache import MemoryCache, MemoryStore
from agent.models.prices import estimate_prompt, texts_of
from agent.models.truncation import PromptSizes, describe_cut, least_tokens
from agent.ports import ModelCompletion, ModelRequest
from agent.team.model_calls import ModelCalls
from tests.agent.harness import Harness, ScriptedModel
from tests.agent.models.endpoints import REQUEST, silent
from tests.agent.models.quirks import ASKED, quirky
from tests.agent.test_pipeline import CODE as CODE_ANSWER
from tests.agent.test_pipeline import EDIT
from tests.support.quirky_endpoint import WINDOW
from tests.support.team_script import review, script

CODE = "def total(prices):\n    return sum(price for price in prices if price is not None)\n\n\n"


def asked(text: str) -> ModelRequest:
    return replace(REQUEST, messages=[{"role": "user", "content": text}])


def sizes(*prompts: tuple[int, str]) -> list[Any]:
    """What is said of prompts with the sizes that were reported of them, in their order."""
    known = PromptSizes()
    return [
        known.cut(reported, estimate_prompt(asked(text)), least_tokens(texts_of(asked(text)))) for reported, text in prompts
    ]


@pytest.mark.asyncio
async def test_a_prompt_that_is_far_longer_than_what_was_read() -> None:
    async with quirky("cut") as (model, _):
        short = await model.complete(ASKED, silent)
        long = await model.complete(asked("word " * 12_000), silent)
    assert short.prompt_cut is None
    assert long.prompt_cut == {"read": WINDOW, "sent": 15_000}
    detail, hint = describe_cut("cut", long.prompt_cut)
    assert "read 4,096 of about 15,000 tokens" in detail
    assert "OLLAMA_CONTEXT_LENGTH" in hint
    assert "--context-tokens 4096" in hint


def test_two_prompts_of_different_length_with_the_same_size() -> None:
    first, second = (4096, CODE * 230), (4096, CODE * 330)
    assert sizes(first)[0] is None, "one alone might be right"
    found = sizes(first, second)[1]
    assert found is not None
    assert found["read"] == 4096


@pytest.mark.parametrize(
    "prompts",
    [
        [(4000, CODE * 200), (4001, CODE * 200)],
        [(4000, CODE * 200), (4000, CODE * 210)],
        [(15, "word " * 4_000), (15, "word " * 12_000)],
        [(1, CODE * 500)],
        [(9_000, CODE * 400), (600, CODE * 500)],
        [(5_000, "Привет, как дела? " * 1_000)],
        [(3_000, "汉字" * 2_500)],
        [(700, "-" * 20_000)],
        [(1_000, " " * 50_000 + "x = 1\n" * 200)],
        [(6_000, "0123456789abcdef " * 900)],
    ],
    ids=["nearly the same", "nearly as long", "a server that reports anything", "another", "what the cache did not have",
         "Russian", "Chinese", "a line", "white space", "hashes"],
)  # fmt: skip
def test_honest_sizes_are_believed(prompts: list[tuple[int, str]]) -> None:
    assert sizes(*prompts) == [None] * len(prompts)


@pytest.mark.parametrize(
    ("text", "least"),
    [("", 0), ("one two\n  three", 3), ("snake_case(camelCase)", 3), ("汉字汉字", 1), ("Привет мир", 2), ("-" * 99, 1)],
)
def test_fewer_tokens_no_text_has(text: str, least: int) -> None:
    assert least_tokens([text]) == least


@pytest.mark.asyncio
async def test_people_are_warned_once_and_the_answer_is_not_kept(workdir: Path) -> None:
    store = MemoryStore()
    async with quirky("cut") as (model, endpoint):
        harness = Harness(workdir, model)
        harness.ports = replace(harness.ports, cache=MemoryCache(store, "tenant/", 60))
        calls = ModelCalls(harness.ports)
        for number in range(2):
            await calls.complete(replace(asked("word " * 12_000), key=f"execute/write/{number}"))
        assert len(endpoint.requests) == 2, "with a larger window the answer is another"
    (warning,) = harness.sink.of("model_warning")
    assert (warning["model"], warning["code"]) == ("cut", "prompt_cut")
    assert list(calls.warnings.values()) == [f"{warning['detail']} {warning['hint']}"]

    again = Harness(workdir, model, steps=harness.journal.steps)
    replayed = ModelCalls(again.ports)
    for number in range(2):
        await replayed.complete(replace(asked("word " * 12_000), key=f"execute/write/{number}"))
    assert again.sink.of("model_warning") == [warning], "a replay says the same"


@pytest.mark.asyncio
async def test_a_warning_is_part_of_the_outcome(repository: Path) -> None:
    class Cut(ScriptedModel):
        async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
            return replace(await super().complete(request, on_text), prompt_cut={"read": 4_096, "sent": 9_000})

    harness = Harness(repository, Cut(script(code=CODE_ANSWER, files=["shop/prices.py"], ReviewCode=[review()])))
    outcome = await harness.run(EDIT)
    (warning,) = outcome.warnings
    assert "read 4,096 of about 9,000 tokens" in warning
    assert [event["code"] for event in harness.sink.of("model_warning")] == ["prompt_cut"] * 2, "once for each phase"
