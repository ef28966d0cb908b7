"""The tests after a merge that the team did not make: what has no test command is told, and stops nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import SandboxFailed
from agent.ports import PlanDraft, TaskSpec
from agent.team.verification import try_again
from tests.agent.harness import Harness, ScriptedModel, TableSandbox, make_repository

pytestmark = pytest.mark.asyncio
PAGE = '{"name": "page", "private": true, "scripts": {"dev": "vite"}}'


async def test_a_project_without_a_test_command_is_told_and_runs_nothing(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "page", {"package.json": PAGE, "index.html": "<p>Hello</p>\n"})
    harness = Harness(root, ScriptedModel(str), sandbox=TableSandbox(error=SandboxFailed("nothing may run")))
    told = await try_again(root, TaskSpec("Greet"), PlanDraft({}, "", 0.0, "XS"), ["index.html"], harness.ports, "deliver")
    assert (told["status"], told["counted"]) == ("unavailable", False)
    assert told["reason"]
    assert harness.sandbox.ran == []
