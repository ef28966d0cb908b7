"""What people say while a run goes on reaches the next model call and all after it, and a replay finds the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from agent.ports import ModelRequest
from agent.prompt_blocks import read_block
from tests.agent.conftest import SMALL_REPOSITORY
from tests.agent.harness import Harness, ScriptedModel, make_repository
from tests.agent.test_pipeline import CODE, EDIT
from tests.support.team_script import review, script

pytestmark = pytest.mark.asyncio
READ = f"<tool_call>{json.dumps({'name': 'read_file', 'arguments': {'path': 'shop/prices.py'}})}</tool_call>"


class Said:
    """Says something before each of the keys it names, once and ever after."""

    def __init__(self, said: dict[str, Sequence[str]]) -> None:
        self.said = said
        self.claimed: list[str] = []

    async def claim(self, key: str) -> Sequence[str]:
        self.claimed.append(key)
        return self.said.get(key, ())


def world_with(root: Path, said: Said, **options: object) -> Harness:
    team = script(code=CODE, files=["shop/prices.py"], WriteCode=[READ, CODE], ReviewCode=[review("revise", "Why?"), review()],
                  ReviseCode=[CODE + "\n# because\n"])  # fmt: skip
    harness = Harness(make_repository(root, SMALL_REPOSITORY), ScriptedModel(team), **options)  # type: ignore[arg-type]
    harness.ports = replace(harness.ports, steering=said)
    return harness


def said_in(request: ModelRequest) -> str:
    """What people have said by all of its messages, which are those of a session."""
    said = [read_block(message["content"], "steer") for message in request.messages]
    return "\n\n".join(text for text in said if text)


async def test_it_reaches_that_call_and_all_later_ones(tmp_path: Path) -> None:
    said = {"execute/write/0/t1": ["Use a generator."], "execute/review/0": ["Be kind.", "And short."]}
    harness = world_with(tmp_path / "first", Said(said))
    await harness.run(EDIT)

    heard = {request.key: said_in(request) for request in harness.model.requests}
    assert heard["plan/1/draft"] == heard["execute/write/0"] == ""
    assert heard["execute/write/0/t1"] == heard["execute/write_test"] == "Use a generator."
    asked = next(request for request in harness.model.requests if request.key == "execute/review/0").messages[-1]["content"]
    assert all(text in asked for text in ("Use a generator.", "Be kind.", "And short.", "They are instructions"))
    assert heard["execute/write/1"] == heard["execute/review/1"] == "Use a generator.\n\nBe kind.\n\nAnd short."

    keys = [key for key, step in harness.journal.steps.items() if step.kind == "model"]
    again = world_with(tmp_path / "again", steering := Said(said), steps=harness.journal.steps)
    await again.run(EDIT)
    assert again.model.requests == []
    assert steering.claimed == keys, "claimed before each call, recorded or not"


async def test_side_by_side_everyone_is_told_in_the_same_order(tmp_path: Path) -> None:
    """Two parts are told something each: the later prompts have it in the order of the parts, whoever was told first."""
    from tests.support.team_script import plan

    steps = [
        {"title": "Prices", "files": ["shop/prices.py", "docs/prices.md"], "kind": "modify"},
        {"title": "Greetings", "files": ["shop/names.py", "docs/greetings.md"], "kind": "modify"},
    ]
    said = {"execute/write/0/2": ["second"], "execute/write/0/1": ["first"]}
    team = script(code=CODE, DraftPlan=[plan(steps=steps)], WritePart=[CODE, "FILE: docs/greetings.md\n# Hi\n"])
    harness = Harness(make_repository(tmp_path / "parts", SMALL_REPOSITORY), ScriptedModel(team))
    harness.ports = replace(harness.ports, steering=Said(said))
    await harness.run(replace(EDIT, parallel_steps=2))
    heard = {request.key: read_block(request.messages[-1]["content"], "steer") for request in harness.model.requests}
    assert heard["execute/write/0/1"] == "first"
    assert heard["execute/write/0/2"] == "second"
    assert heard["execute/write_test"] == "first\n\nsecond"
