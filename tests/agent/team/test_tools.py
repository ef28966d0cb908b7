"""A role looks around before it answers: natively or by text, within bounds, and everything is journaled and shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Paused
from agent.models.errors import ToolsUnsupported
from agent.ports import ModelCompletion, ModelProfile, ModelRequest, TaskSpec, ToolCall
from agent.team.prompts import render
from agent.team.tool_limits import BY_ROLE
from tests.agent.conftest import SMALL_REPOSITORY
from tests.agent.harness import Harness, PlainModel, ScriptedModel, make_repository
from tests.agent.test_pipeline import CODE, EDIT, EDITED
from tests.support.team_script import action_of, script

pytestmark = pytest.mark.asyncio


def call(tool: str, /, **arguments: Any) -> str:
    return f"<tool_call>{json.dumps({'name': tool, 'arguments': arguments})}</tool_call>"


READ = call("read", paths=["shop/names.py"])


class NativeModel(PlainModel):
    """Calls the tools that ``calls`` names before each role's answer; ``refuses`` the first native request."""

    def __init__(self, answers: Callable[[list[Any]], str], calls: Sequence[ToolCall], *, refuses: bool = False) -> None:
        self.answers, self.calls, self.refuses = answers, calls, refuses
        self.requests: list[ModelRequest] = []

    def profile(self, role: str) -> ModelProfile:
        return ModelProfile(self.name, native_tools=True)

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        self.requests.append(request)
        if self.refuses and request.tools:
            raise ToolsUnsupported("no tools here")
        if request.role == "engineer" and request.tools and request.messages[-1]["role"] != "tool":
            return ModelCompletion("", self.name, 10, 10, finish_reason="tool_calls", tool_calls=self.calls)
        return ModelCompletion(str(self.answers(list(request.messages))), self.name, 10, 10)


async def test_what_the_engineer_reads_by_a_tool_it_may_rewrite(repository: Path) -> None:
    rewritten = "FILE: shop/names.py\ndef greet(name):\n    return f'Hello {name}'\n"
    harness = Harness(repository, ScriptedModel(script(code=READ, files=["shop/prices.py"], WriteCode=[READ, rewritten])))
    outcome = await harness.run(EDIT)

    assert [file["path"] for file in outcome.files] == ["shop/names.py"]
    assert not harness.sink.of("validation_failed")
    called = harness.sink.of("tool_called")
    assert [(event["role"], event["tool"], event["ok"]) for event in called] == [("engineer", "read", True)]
    assert called[0]["arguments"] == 'paths=["shop/names.py"]'
    keys = list(harness.journal.steps)
    at = keys.index("execute/write/0")
    assert keys[at : at + 3] == ["execute/write/0", "execute/write/0/t1/1", "execute/write/0/t1"]
    shown = next(r for r in harness.model.requests if r.key == "execute/write/0/t1").messages[-1]
    assert shown["role"] == "user"
    assert "return 'Hi ' + name" in shown["content"]


async def test_what_nobody_read_may_not_be_rewritten(repository: Path) -> None:
    blind = "FILE: shop/names.py\ndef greet(name):\n    return 1\n"
    harness = Harness(repository, ScriptedModel(script(code=blind, files=["shop/prices.py"], ReviseCode=[CODE])))
    await harness.run(EDIT)
    assert harness.sink.of("validation_failed")[0]["errors"][0]["code"] == "unseen_file"


async def test_native_calls_go_to_models_that_take_them(repository: Path) -> None:
    wanted: list[ToolCall] = [
        {"id": "a1", "name": "read_file", "arguments": {"path": "shop/names.py"}},
        {"id": "a2", "name": "search", "arguments": {}, "raw": '{"pattern": "def total",}'},
        {"id": "a3", "name": "search", "arguments": {}, "raw": "nonsense"},
    ]
    model = NativeModel(script(code=CODE, files=["shop/prices.py"]), wanted)
    await Harness(repository, model).run(EDIT)

    first = next(r for r in model.requests if r.key == "execute/write/0")
    assert {tool.name for tool in first.tools} >= {"read", "search", "run", "edit", "finish"}
    assert "Use the tools as far as you need them" in first.messages[0]["content"]
    assert "<tool_call>" not in first.messages[0]["content"]
    then = next(r for r in model.requests if r.key == "execute/write/0/t1").messages
    assert [m.get("tool_call_id") for m in then if m["role"] == "tool"] == ["a1", "a2", "a3"]
    assert "shop/prices.py" in then[-2]["content"]
    assert "not a JSON object" in then[-1]["content"]
    assert (repository / "shop/prices.py").read_text() == EDITED


async def test_an_endpoint_that_refuses_tools_is_asked_by_text(repository: Path) -> None:
    team = script(code=CODE, files=["shop/prices.py"], WriteCode=[call("read", paths=["shop/prices.py"]), CODE])
    model = NativeModel(team, [], refuses=True)
    harness = Harness(repository, model)
    await harness.run(EDIT)
    asked = [r for r in model.requests if r.key == "execute/write/0"]
    assert [bool(r.tools) for r in asked] == [True, False]
    assert "<tool_call>" in asked[1].messages[0]["content"]
    assert len(harness.sink.of("tool_called")) == 1

    # a replay in a process whose profile says otherwise finds every step
    again = Harness(
        make_repository(repository.parent / "again", SMALL_REPOSITORY), NativeModel(team, []), steps=harness.journal.steps
    )
    await again.run(EDIT)
    assert again.model.requests == []


@pytest.mark.parametrize("role", sorted(BY_ROLE))
async def test_at_the_bound_a_role_must_answer(repository: Path, role: str) -> None:
    turn = iter(range(10_000))

    answers = script(code=CODE, files=["shop/prices.py"])

    def team(messages: list[Any]) -> str:
        told = "You have used" in messages[-1]["content"]
        if not told and action_of(messages) in ACTIONS[role]:
            return call("search", pattern=f"word{next(turn)}")
        return str(answers(messages))

    harness = Harness(repository, ScriptedModel(team))
    outcome = await harness.run(EDIT)
    assert outcome.review["verdict"] == "approve"
    mine = [request for request in harness.model.requests if request.role == role]
    last = [request for request in mine if "You have used" in request.messages[-1]["content"]]
    assert last
    conversations = len({request.key.split("/t")[0] for request in mine})
    assert len(harness.sink.of("tool_called")) == conversations * min(BY_ROLE[role].turns, BY_ROLE[role].calls)


ACTIONS = {
    "team_leader": ["DraftPlan"],
    "engineer": ["WriteCode", "ReviseCode"],
    "tester": ["WriteTest"],
    "reviewer": ["ReviewCode"],
}


async def test_characters_of_results_are_bounded(repository: Path) -> None:
    (repository / "long.py").write_text("x = 1  # filling\n" * 20_000)
    starts = [[1 + n * 400 + k * 4_000 for n in range(8)] for k in range(5)]
    reads = [" ".join(call("read", paths=[f"long.py:{start}-{start + 399}"]) for start in turn) for turn in starts]
    harness = Harness(repository, ScriptedModel(script(code=CODE, files=["shop/prices.py"], WriteCode=[*reads, CODE])))
    await harness.run(EDIT)
    last = next(r for r in harness.model.requests if r.messages[-1]["content"].endswith(render("finish_now")))
    results = [len(text) for message in last.messages if "Result of" in (text := message["content"])]
    assert BY_ROLE["engineer"].characters <= sum(results) < BY_ROLE["engineer"].characters + 20_000


async def test_the_same_call_again_and_again_pauses(repository: Path) -> None:
    harness = Harness(repository, ScriptedModel(script(code=READ, files=["shop/prices.py"])))
    with pytest.raises(Paused, match="same call of read") as paused:
        await harness.run(EDIT)
    assert paused.value.reason == "loop"
    assert len(harness.sink.of("tool_called")) == 4

    # resumed, it gets as many chances again, and its recorded ones do not stop it at once
    fresh = make_repository(repository.parent / "resumed", SMALL_REPOSITORY)
    resumed = Harness(
        fresh, ScriptedModel(script(code=READ, files=["shop/prices.py"], WriteCode=[CODE])), steps=harness.journal.steps
    )
    await resumed.run(EDIT)
    assert (fresh / "shop/prices.py").read_text() == EDITED


async def test_a_command_is_run_by_the_tool_and_replayed(repository: Path) -> None:
    run = call("run", command="python -m pytest tests/test_prices.py")
    team = script(code=CODE, files=["shop/prices.py"], WriteCode=[run, CODE])
    spec = replace(EDIT, stack="fastapi")
    harness = Harness(repository, ScriptedModel(team))
    await harness.run(spec)
    assert "execute/write/0/t1/1/run/1" in harness.journal.steps
    assert harness.sink.of("tool_called")[0]["ok"]

    again = Harness(
        make_repository(repository.parent / "again", SMALL_REPOSITORY), ScriptedModel(team), steps=harness.journal.steps
    )
    await again.run(spec)
    assert again.sandbox.ran == []
    assert again.model.requests == []


async def test_who_plans_a_new_project_has_nothing_to_look_at(workdir: Path) -> None:
    harness = Harness(workdir, ScriptedModel(script(code="FILE: a.py\nx = 1\n", files=["a.py"])))
    await harness.plan(TaskSpec("Create a FastAPI health endpoint"))
    assert not any("<tool_call>" in message["content"] for request in harness.model.requests for message in request.messages)
