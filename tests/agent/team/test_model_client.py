"""From a request to an answer: the cache, the window, what is settled, and what people are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ContextOverflow, Paused
from agent.models import ModelSettings, Prices, open_models
from agent.models.cache import MemoryCache, MemoryStore
from agent.ports import ChatMessage, ModelCompletion, ModelProfile, ModelRequest
from agent.prompt_blocks import block
from agent.prompt_versions import KEPT
from agent.team import prompts
from agent.team.model_calls import ModelCalls
from agent.team.model_client import cache_key
from agent.team.prompt_truncation import condense, tokens_of
from tests.agent.conftest import SMALL_REPOSITORY
from tests.agent.harness import Harness, PlainModel, ScriptedModel, make_repository
from tests.agent.test_pipeline import CODE, EDIT, EDITED
from tests.support.team_script import plan, review, script

pytestmark = pytest.mark.asyncio
LONG = "\n".join(f"line {number} of a long file" for number in range(4_000))
PROMPT = "\n\n".join(
    (
        block("task", "Do it."),
        "Content of big.py:\n" + block("file", LONG),
        "Content of small.py:\n" + block("file", "x = 1"),
        block("recent_history", LONG),
        block("plan", LONG[:9_000]),
        block("steer", "Mind the gap."),
    )
)
REQUEST = ModelRequest(
    "execute/write/0", "engineer", "WriteCode", [{"role": "user", "content": PROMPT}], "Do it.", max_tokens=4_000
)


class Windowed(PlainModel):
    """Refuses a prompt of more than ``real`` tokens; ``context_tokens`` is what is known of it."""

    def __init__(self, real: int, known: int | None = None) -> None:
        self.real, self.known = real, known
        self.requests: list[ModelRequest] = []

    def profile(self, role: str) -> ModelProfile:
        return ModelProfile(self.name, context_tokens=self.known, native_tools=False)

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        self.requests.append(request)
        if tokens_of(request.messages) > self.real:
            raise ContextOverflow(f"The prompt has more than {self.real} tokens.")
        return ModelCompletion(CODE, self.name, 10, 10, Decimal("0.1"))


async def test_a_known_window_is_kept_before_the_call_is_made(workdir: Path) -> None:
    model = Windowed(real=20_000, known=20_000)
    harness = Harness(workdir, model)
    calls = ModelCalls(harness.ports)
    await calls.complete(REQUEST)

    (sent,) = model.requests
    assert tokens_of(sent.messages) + (sent.max_tokens or 0) <= 20_000
    assert "Mind the gap." in sent.messages[0]["content"]
    assert LONG[:9_000] in sent.messages[0]["content"], "the plan stays whole"
    assert calls.cut_files == {"big.py"}
    assert harness.sink.of("model_call")[0]["condensed"] == ["recent history", "parts of files"]


@pytest.mark.parametrize("known", [None, 200_000])
async def test_an_overflow_is_condensed_once_and_paid_once(workdir: Path, known: int | None) -> None:
    model = Windowed(real=30_000, known=known)
    harness = Harness(workdir, model)
    await ModelCalls(harness.ports).complete(REQUEST)
    assert len(model.requests) == 2
    assert harness.sink.of("model_call")[0]["condensed"]
    assert harness.budget.cost_usd == Decimal("0.1"), "what was refused at once is known to have cost nothing"


async def test_a_second_overflow_says_what_to_do(workdir: Path) -> None:
    model = Windowed(real=1_000)
    with pytest.raises(Paused) as paused:
        await ModelCalls(Harness(workdir, model).ports).complete(REQUEST)
    assert paused.value.reason == "provider"
    assert "even without" in paused.value.detail
    assert "larger context window" in paused.value.hint
    assert len(model.requests) == 2


async def test_condensing_is_deterministic_and_takes_the_least_first() -> None:
    results: list[ChatMessage] = [
        {"role": "tool", "tool_call_id": f"c{n}", "content": block("tool_result", f"{n}\n{LONG[:8_000]}")} for n in range(4)
    ]
    messages: list[ChatMessage] = [{"role": "user", "content": PROMPT}, *results]
    room = tokens_of(messages) - 3_000
    once = condense(messages, room)
    assert once == condense(messages, room)
    assert once.left_out == ("older results of tools",)
    assert once.messages[0] == messages[0]
    assert once.messages[3:] == messages[3:], "the newest results stay"
    tight = condense(messages, 1)
    assert tight.files == ("big.py",)
    assert "x = 1" in tight.messages[0]["content"]


async def test_a_file_shown_in_part_is_not_rewritten(tmp_path: Path) -> None:
    long = {
        **SMALL_REPOSITORY,
        "shop/prices.py": SMALL_REPOSITORY["shop/prices.py"] + "\n\n" + "X = 1  # filling the file\n" * 900,
    }
    team = script(code=CODE, files=["shop/prices.py"])

    class Narrow(ScriptedModel):
        def profile(self, role: str) -> ModelProfile:
            return ModelProfile(self.name, context_tokens=9_000, native_tools=False)

    harness = Harness(make_repository(tmp_path / "long", long), Narrow(team))
    with pytest.raises(Paused):
        await harness.run(EDIT)
    assert harness.sink.of("validation_failed")[0]["errors"][0]["code"] == "unseen_file"


def cached(harness: Harness, store: MemoryStore) -> Harness:
    harness.ports = replace(harness.ports, cache=MemoryCache(store, "tenant/", 60))
    return harness


async def test_the_same_request_is_answered_from_the_cache(tmp_path: Path) -> None:
    store = MemoryStore()
    team = script(code=CODE, files=["shop/prices.py"], ReviewCode=[review()])
    first = cached(Harness(make_repository(tmp_path / "a", SMALL_REPOSITORY), ScriptedModel(team)), store)
    await first.plan(EDIT)
    spent = first.budget.tokens
    second = cached(Harness(tmp_path / "a", ScriptedModel(team)), store)
    await second.plan(EDIT)

    assert second.model.requests == []
    assert spent > 0
    assert second.budget.tokens == 0
    assert [event["cached"] for event in second.sink.of("model_call")] == [True]
    assert [event["cost_usd"] for event in second.sink.of("model_call")] == ["0"]
    assert second.sink.texts, "who watches sees the answer all the same"


async def test_a_fallbacks_answer_is_not_kept_as_the_firsts(tmp_path: Path) -> None:
    class Replaced(ScriptedModel):
        async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
            return replace(await super().complete(request, on_text), model="the-fallback")

    store, team = MemoryStore(), script(code=CODE, files=["shop/prices.py"])
    first = cached(Harness(make_repository(tmp_path / "a", SMALL_REPOSITORY), Replaced(team)), store)
    await first.plan(EDIT)
    second = cached(Harness(tmp_path / "a", ScriptedModel(team)), store)
    await second.plan(EDIT)
    assert len(second.model.requests) == len(first.model.requests) == 1


async def test_another_endpoint_with_the_same_model_name_is_asked_itself(tmp_path: Path) -> None:
    class At(ScriptedModel):
        route = "one"

        def profile(self, role: str) -> ModelProfile:
            return replace(super().profile(role), route=self.route)

    class Second(At):
        async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
            return replace(await super().complete(request, on_text), by_fallback=True)

    class Elsewhere(At):
        route = "two"

    store, team = MemoryStore(), script(code=CODE, files=["shop/prices.py"])
    root = make_repository(tmp_path / "a", SMALL_REPOSITORY)
    models = [kind(team) for kind in (Second, At, Elsewhere, At, Elsewhere)]
    for model in models:
        await cached(Harness(root, model), store).plan(EDIT)
    assert [len(model.requests) for model in models] == [1, 1, 1, 0, 0], "the answer of a fallback of the same name is not kept"


async def test_a_route_is_what_answers_and_shows_no_secret() -> None:
    one = ModelSettings("openai", "m", api_key="sk-secret", base_url="https://user:pw@one.example/v1")
    others = [
        replace(one, api_key="sk-other"), replace(one, kind="anthropic"), replace(one, max_output_tokens=500),
        replace(one, base_url="https://user:pw@two.example/v1"), replace(one, base_url="https://user:pw@one.example/v1?team=a"),
        replace(one, base_url="https://user:other@one.example/v1"),
    ]  # fmt: skip
    routes = {open_models(settings).profile("engineer").route for settings in (one, *others)}
    assert len(routes) == 7
    assert not any(secret in route for route in routes for secret in ("secret", "pw", "example"))
    again = replace(one, timeout=5, requests_per_minute=3, prices=Prices(Decimal(1), Decimal(2)))
    assert open_models(again).profile("reviewer").route == open_models(one).profile("engineer").route


@pytest.mark.parametrize("kept", [{"text": "x"}, {"text": "x", "of": "another version"}, {}])
async def test_a_kept_answer_of_another_shape_is_none(workdir: Path, kept: dict[str, Any]) -> None:
    """An upgrade may find answers that the version before it has kept."""
    store = MemoryStore()
    await MemoryCache(store, "tenant/", 60).put(cache_key(REQUEST, "scripted"), kept)
    model = Windowed(real=10**6)
    completion = await ModelCalls(cached(Harness(workdir, model), store).ports).complete(REQUEST)
    assert (completion.text, completion.cached, len(model.requests)) == (CODE, False, 1)


async def test_revisions_and_second_attempts_never_come_from_the_cache(tmp_path: Path) -> None:
    broken = "FILE: shop/prices.py\ndef broken(:\n"
    team = script(code=broken, files=["shop/prices.py"], ReviseCode=[CODE], DraftPlan=["no", plan("shop/prices.py")])
    store = MemoryStore()
    harness = Harness(make_repository(tmp_path / "a", SMALL_REPOSITORY), ScriptedModel(team))
    await cached(harness, store).run(EDIT)
    asked = {request.key for request in harness.model.requests}
    assert {request.key for request in harness.model.requests if request.bypass_cache} == {
        "plan/1/draft/2",
        "execute/write/1",
    }
    assert {"plan/1/draft", "execute/write/0", "execute/review/1"} < asked
    assert (tmp_path / "a/shop/prices.py").read_text() == EDITED
    kept = cache_key(next(request for request in harness.model.requests if request.bypass_cache), "scripted")
    assert await MemoryCache(store, "tenant/", 60).get(kept) is None


async def test_the_key_holds_everything_that_matters() -> None:
    key = cache_key(REQUEST, "m")
    others: list[Any] = [
        cache_key(replace(REQUEST, role="tester"), "m"), cache_key(replace(REQUEST, action="ReviseCode"), "m"),
        cache_key(replace(REQUEST, stack="fastapi"), "m"), cache_key(REQUEST, "n"),
        cache_key(replace(REQUEST, messages=[{"role": "user", "content": "x"}]), "m"), cache_key(REQUEST, "m", "elsewhere"),
    ]  # fmt: skip
    with prompts.using(KEPT[0]):
        others.append(cache_key(REQUEST, "m"))
    assert len({key, *others}) == 8
    assert cache_key(replace(REQUEST, key="another/step"), "m") == key


BASE = ModelSettings("openai", "m", api_key="k", base_url="https://a.example/v1", max_output_tokens=100)
OTHERS = {
    "another host": {"base_url": "https://b.example/v1"}, "another path": {"base_url": "https://a.example/team/v1"},
    "another port": {"base_url": "https://a.example:8443/v1"}, "another query": {"base_url": "https://a.example/v1?v=2"},
    "another scheme": {"base_url": "http://a.example/v1"}, "another account": {"api_key": "k2"}, "no account": {"api_key": ""},
    "a password": {"base_url": "https://u:p@a.example/v1"}, "another API": {"kind": "anthropic"},
    "another limit": {"max_output_tokens": 200}, "no limit": {"max_output_tokens": None}, "another model": {"model": "n"},
    "another role's model": {"role_models": {"engineer": "n"}},
}  # fmt: skip


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
async def test_another_endpoint_account_or_limit_is_another_cache(other: dict[str, Any]) -> None:
    def key(settings: ModelSettings) -> str:
        profile = open_models(settings).profile("engineer")
        return cache_key(REQUEST, profile.model, profile.route)

    assert key(BASE) == key(replace(BASE, timeout=5, max_retries=0, prices=None, api_key=" k\n"))
    assert key(BASE) != key(replace(BASE, **other))
