"""The team on a real endpoint: streaming over HTTP, native tool calls and all that may go wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Paused
from agent.models import open_model
from tests.agent.harness import Harness
from tests.agent.test_pipeline import CODE, EDIT, EDITED
from tests.support.scripted_openai import NO_TOOLS, Call, Message, Reply, serve
from tests.support.team_script import action_of, script

pytestmark = pytest.mark.asyncio
READ = Call("read_file", {"path": "shop/names.py"})
OVERFLOW = "This model's maximum context length is 4096 tokens. However, your messages resulted in 9000 tokens."


async def run(root: Path, answer: Any) -> tuple[Harness, list[dict[str, Any]]]:
    with serve(answer) as server:
        model = open_model("openai", model="scripted", api_key="key", base_url=server.url)
        harness = Harness(root, model)
        try:
            await harness.run(EDIT)
        finally:
            await model.aclose()
        return harness, server.requests


def engineer(messages: list[Message]) -> bool:
    return action_of(messages) == "WriteCode"


@pytest.mark.parametrize("style", ["openai", "no_ids", "one_index", "repeating"])
async def test_native_calls_over_the_wire(repository: Path, style: Any) -> None:
    team = script(code=CODE, files=["shop/prices.py"])
    broken = Call("search", '{"pattern": "def total",')

    def answer(messages: list[Message]) -> str | Reply:
        if engineer(messages) and messages[-1]["role"] != "tool":
            return Reply(calls=(READ, broken), finish_reason="tool_calls", style=style)
        return team(messages)

    harness, requests = await run(repository, answer)
    assert (repository / "shop/prices.py").read_text() == EDITED
    assert [(event["tool"], event["ok"]) for event in harness.sink.of("tool_called")] == [("read", True), ("search", True)]
    results = [m for body in requests for m in body["messages"] if m["role"] == "tool"]
    assert "def greet(name)" in results[0]["content"]


async def test_an_endpoint_without_tools_gets_them_as_text(repository: Path) -> None:
    call = f"<tool_call>{json.dumps({'name': 'read', 'arguments': {'paths': ['shop/prices.py']}})}</tool_call>"
    team = script(code=CODE, files=["shop/prices.py"], WriteCode=[call, CODE])

    def answer(messages: list[Message]) -> str | Reply:
        if "<tool_call>" not in messages[0]["content"] and not any("all of your tool calls" in m["content"] for m in messages):
            return Reply(NO_TOOLS, status=400)
        return team(messages)

    harness, requests = await run(repository, answer)
    assert (repository / "shop/prices.py").read_text() == EDITED
    assert len(harness.sink.of("tool_called")) == 1
    assert sum("tools" in body for body in requests) == 1, "it is asked that way once"


async def test_a_prompt_too_long_is_condensed_once_then_the_run_says_so(repository: Path) -> None:
    (repository / "AGENTS.md").write_text("# Shop\n" + "It sells things that people buy.\n" * 250)
    team = script(code=CODE, files=["shop/prices.py"])

    def short_window(messages: list[Message]) -> str | Reply:
        if sum(len(message["content"]) for message in messages) > 9_000:
            return Reply(OVERFLOW, status=400, code="context_length_exceeded")
        return team(messages)

    harness, _ = await run(repository, short_window)
    assert (repository / "shop/prices.py").read_text() == EDITED
    assert all(event["condensed"] for event in harness.sink.of("model_call"))


async def test_a_window_too_small_for_anything_pauses(repository: Path) -> None:
    with pytest.raises(Paused, match="does not fit into the model's window") as paused:
        await run(repository, lambda messages: Reply(OVERFLOW, status=400, code="context_length_exceeded"))
    assert paused.value.reason == "provider"
