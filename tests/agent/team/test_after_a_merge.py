"""The tests after a merge that the team did not make: what has no test command is told, and stops nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.checks.test_configuration import SetAside, Swap
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


FAILS = "=== short test summary info ===\nFAILED tests/test_shop.py::test_one - assert 1 == 2\n1 failed, 2 passed in 0.01s"
EARLIER = {"failing": [], "parts": []}


@pytest.mark.parametrize(
    ("outputs", "flaky"),
    [
        ([FAILS, "1 passed in 0.01s"], ["tests/test_shop.py::test_one"]),  # by chance
        ([FAILS, FAILS, FAILS, FAILS], ["tests/test_shop.py::test_one"]),  # without the change as well
        ([FAILS, FAILS, FAILS, "1 passed in 0.01s"], []),
    ],
)
async def test_what_fails_newly_is_run_again_before_the_change_is_blamed(
    tmp_path: Path, outputs: list[str], flaky: list[str]
) -> None:
    files = {"requirements.txt": "pytest\n", "shop.py": "two\n", "tests/test_shop.py": ""}
    root = make_repository(tmp_path / "shop", files)
    sandbox = TableSandbox(tests=outputs)
    harness = Harness(root, ScriptedModel(str), sandbox=sandbox)
    told = await try_again(
        root, TaskSpec("Add two"), PlanDraft({}, "", 0.0, "XS"), ["shop.py"], harness.ports, "deliver",
        earlier=EARLIER, before=SetAside(root, [Swap("shop.py", b"two\n", b"one\n")]),
    )  # fmt: skip
    assert (told["failing"], told["flaky"]) == (["tests/test_shop.py::test_one"], flaky)
    assert (root / "shop.py").read_text() == "two\n"


async def test_what_failed_before_the_merge_is_not_run_again(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "shop", {"requirements.txt": "pytest\n", "shop.py": "", "tests/test_shop.py": ""})
    harness = Harness(root, ScriptedModel(str), sandbox=TableSandbox(tests=[FAILS]))
    told = await try_again(
        root, TaskSpec("Add two"), PlanDraft({}, "", 0.0, "XS"), ["shop.py"], harness.ports, "deliver",
        earlier={**EARLIER, "failing": ["tests/test_shop.py::test_one"]},
    )  # fmt: skip
    assert told["flaky"] == []
    assert sum("pytest" in line for line in harness.sandbox.ran) == 1


async def test_a_part_that_ran_before_the_merge_and_can_t_run_now_is_named(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "shop", {"requirements.txt": "pytest\n", "shop.py": "", "tests/test_shop.py": ""})
    harness = Harness(root, ScriptedModel(str), sandbox=TableSandbox(tests=["no tests ran in 0.01s"]))
    line = {"directory": "", "command": "pytest", "status": "passed", "passed": 2, "failed": 0, "skipped": 0, "reason": ""}
    for command, named in (("python -m pytest", [""]), ("make test", [])):
        told = await try_again(
            root, TaskSpec("Add two"), PlanDraft({}, "", 0.0, "XS"), ["shop.py"], harness.ports, f"deliver/{command}",
            earlier={**EARLIER, "parts": [{**line, "command": command}]},
        )  # fmt: skip
        assert [entry["directory"] for entry in told["no_longer_run"]] == named
