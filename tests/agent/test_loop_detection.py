"""What fails in the same way for the fourth time pauses the run, however many rounds it may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import Paused
from agent.ports import TaskSpec
from tests.agent.harness import FAILED, PASSED, Harness, ScriptedModel, TableSandbox
from tests.agent.test_edit_formats import BETTER, BLOCK
from tests.agent.test_pipeline import CODE
from tests.support.team_script import script

pytestmark = pytest.mark.asyncio

PATIENT = TaskSpec("Let total() ignore prices that are None", max_rounds=50, max_revision_rounds=40)


async def test_the_same_misfit_in_other_words(repository: Path) -> None:
    misfit = BLOCK.format("nothing_of_prices", BETTER)
    answers = [f"Attempt {number}:\n\n{misfit}" for number in range(9)]
    harness = Harness(repository, ScriptedModel(script(code=misfit, files=["shop/prices.py"], ReviseCode=answers)))

    with pytest.raises(Paused, match="The same edit has failed 4 times") as paused:
        await harness.run(PATIENT)

    assert paused.value.reason == "loop"
    assert len(harness.sink.of("patch_refused")) == 4


async def test_tests_that_fail_in_the_same_way(repository: Path) -> None:
    answers = [f"{CODE}\n\n# {number}\n" for number in range(9)]
    tests = [PASSED, *(FAILED.replace("0.01", f"0.{number:02}") for number in range(1, 9))]
    harness = Harness(
        repository,
        ScriptedModel(script(code=CODE, files=["shop/prices.py"], ReviseCode=answers)),
        sandbox=TableSandbox(tests=tests),
    )

    with pytest.raises(Paused, match="in the same way 4 times") as paused:
        await harness.run(PATIENT)

    assert paused.value.reason == "loop"
    assert len(harness.sink.of("tests_finished")) == 4


async def test_tests_that_fail_in_another_way_each_time_go_on(repository: Path) -> None:
    answers = [f"{CODE}\n\n# {number}\n" for number in range(9)]
    words = ["apple", "pear", "plum", "fig", "nut"]
    # what fails while coverage is measured is run again without it
    failing = [FAILED.replace("assert 1", f"assert {word}") for word in words for _ in range(2)]
    tests = [PASSED, *failing, PASSED]
    harness = Harness(
        repository,
        ScriptedModel(script(code=CODE, files=["shop/prices.py"], ReviseCode=answers)),
        sandbox=TableSandbox(tests=tests),
    )

    outcome = await harness.run(PATIENT)

    assert outcome.tests["status"] == "passed"
    assert len(harness.sink.of("revision_started")) == len(words)
