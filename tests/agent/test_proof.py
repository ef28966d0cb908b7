"""What a run says of its own work, and that it says the same in the real sandbox with the real runner."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.checks.commands import UNREACHABLE
from agent.errors import SandboxFailed
from agent.ports import TaskSpec
from agent.sandbox import open_sandbox
from tests.agent.harness import Harness, ScriptedModel, make_repository
from tests.support.team_script import review, script

pytestmark = pytest.mark.asyncio

SPEC = TaskSpec("Let total() ignore prices that are None", max_revision_rounds=3)
CODE = "FILE: shop/prices.py\ndef total(prices):\n    return sum(price for price in prices if price is not None)\n"

TESTS = """import pytest
from shop.prices import total


def test_sum():
    assert total([1, 2]) == 3


def test_none():
    assert total([1, None]) == 1


@pytest.mark.parametrize("n", [0])
def test_old(n):
    assert n
"""


async def test_a_reviewers_wishes_lead_to_a_revision_and_it_sees_what_it_asked_for(repository: Path) -> None:
    wishes = [review("revise", "Say why None is ignored.", "Name the unit."), review("revise", "Still no unit."), review()]
    answers = [f"{CODE}\n\n# {number}\n" for number in range(2)]
    harness = Harness(
        repository, ScriptedModel(script(code=CODE, files=["shop/prices.py"], ReviseCode=answers, ReviewCode=wishes))
    )
    outcome = await harness.run(SPEC)

    revised = [r.messages[-1]["content"] for r in harness.model.requests if r.action == "ReviseCode"]
    assert "- Say why None is ignored." in revised[0]
    assert "- Name the unit." in revised[0]
    assert "- Still no unit." in revised[1]
    first, second, third = [r.messages[-1]["content"] for r in harness.model.requests if r.action == "ReviewCode"]
    assert "was requested earlier" not in first
    assert "The review after answer 1: Name the unit." in second
    assert "The review after answer 2: Still no unit." in third
    assert outcome.review == {"verdict": "approve", "comments": []}
    assert not outcome.draft


@pytest.mark.slow
async def test_before_and_after_by_name_and_the_coverage_of_the_change(workdir: Path, package_cache: Path) -> None:
    root = make_repository(workdir, {
        "requirements.txt": "",
        "conftest.py": "",
        "shop/__init__.py": "",
        "shop/prices.py": "def total(prices):\n    return sum(prices)\n",
        "tests/test_prices.py": TESTS,
    })  # fmt: skip
    breaking = "FILE: shop/prices.py\ndef total(prices):\n    return len(prices) - prices.count(None)\n"
    mended = (
        "FILE: shop/prices.py\ndef total(prices):\n    if prices == 'never':\n        return 0\n"
        "    return sum(price for price in prices if price is not None)\n"
    )
    model = ScriptedModel(script(code=breaking, files=["shop/prices.py"], ReviseCode=[mended]))
    try:
        sandbox = open_sandbox(root, cache=package_cache / "mgx")
    except SandboxFailed as error:
        pytest.skip(f"nothing is proved: {error}")
    harness = Harness(root, model, sandbox=sandbox)
    outcome = await harness.run(SPEC)
    installs = [data for data in harness.sink.of("command_finished") if data["argv"][:2] == ["uv", "pip"]]
    if UNREACHABLE.search(installs[0]["output_tail"]):
        pytest.skip("nothing is proved: no package index answers")

    first, last = harness.sink.of("tests_finished")
    assert first["baseline"]["failing"] == ["tests/test_prices.py::test_none", "tests/test_prices.py::test_old[0]"]
    assert first["newly_failing"] == ["tests/test_prices.py::test_sum"]
    assert first["fixed"] == ["tests/test_prices.py::test_none"]
    assert first["still_failing"] == ["tests/test_prices.py::test_old[0]"]
    assert (last["newly_failing"], last["fixed"], last["still_failing"]) == ([], first["fixed"], first["still_failing"])
    assert last["coverage"] == {
        "percent": 66.7, "covered": 2, "lines": 3, "reason": "",
        "files": [{"path": "shop/prices.py", "percent": 66.7, "uncovered": [[3, 3]]}],
    }  # fmt: skip
    assert not outcome.draft
    assert outcome.tests["proof"] == {"verdict": "proved", "missing": [], "draft": False}, "one fails as before"
    asked = next(r for r in model.requests if r.action == "ReviewCode").messages[-1]["content"]
    assert "Failing as before: tests/test_prices.py::test_old[0]. The tests run 2 of 3 changed lines (66.7 %)" in asked
    assert not (root / ".coverage").exists()
