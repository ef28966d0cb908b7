"""The engineer answers in other formats than whole files, and hears exactly what did not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.ports import ModelProfile, TaskSpec
from tests.agent.harness import Harness, ScriptedModel
from tests.agent.test_pipeline import CODE, EDIT, EDITED
from tests.support.team_script import script

pytestmark = pytest.mark.asyncio

BLOCK = "shop/prices.py\n<<<<<<< SEARCH\n    return {}\n=======\n{}\n>>>>>>> REPLACE\n"
BETTER = "    return sum(price for price in prices if price is not None)"


async def test_the_engineer_may_answer_with_blocks(repository: Path) -> None:
    real = (repository / "shop/prices.py").read_text().split("return ")[1].split("\n")[0]
    harness = Harness(repository, ScriptedModel(script(code=BLOCK.format(real, BETTER), files=["shop/prices.py"])))
    outcome = await harness.run(EDIT)

    assert (repository / "shop/prices.py").read_text() == EDITED
    assert [(file["path"], file["action"]) for file in outcome.files] == [("shop/prices.py", "modified")]
    assert harness.sink.of("patch_applied")[0]["files"][0]["match_level"] == "exact_elsewhere"


async def test_what_does_not_fit_comes_back_and_two_misfits_switch_the_format(repository: Path) -> None:
    misfits = [BLOCK.format(f"nothing_of_prices[{number}]", BETTER) for number in range(2)]
    team = script(code=misfits[0], files=["shop/prices.py"], ReviseCode=[misfits[1], CODE])
    harness = Harness(repository, ScriptedModel(team))
    await harness.run(TaskSpec(EDIT.text, max_revision_rounds=3))

    first, second = [r.messages[-1]["content"] for r in harness.model.requests if r.action == "ReviseCode"]
    assert "nothing_of_prices[0]" in first
    assert "[from line 1]\ndef total(prices):" in first, "the file's real lines"
    assert "failed to apply twice" not in first
    assert "Answer now with whole files" in second
    assert (repository / "shop/prices.py").read_text() == EDITED


class Profiled(ScriptedModel):
    """A model that is known to do unified diffs best."""

    def profile(self, role: str) -> ModelProfile:
        return ModelProfile(self.name, native_tools=False, edit_format="unified")


async def test_the_models_own_format_is_asked_for_until_it_has_failed_twice(repository: Path) -> None:
    misfits = [f"--- a/shop/prices.py\n+++ b/shop/prices.py\n@@ -1,2 +1,2 @@\n-gone {n}\n+come\n" for n in range(2)]
    broken = f"{CODE}\n\ndef broken(:\n"
    team = script(code=misfits[0], files=["shop/prices.py"], ReviseCode=[misfits[1], broken, CODE])
    harness = Harness(repository, Profiled(team))
    await harness.run(TaskSpec(EDIT.text, max_revision_rounds=4))

    written = [r.messages[-1]["content"] for r in harness.model.requests if r.role == "engineer"]
    assert ["Answer with one unified diff" in prompt for prompt in written] == [True, True, False, False]
    assert ["Answer with whole files" in prompt for prompt in written] == [False, False, True, True], "and it stays so"
    assert (repository / "shop/prices.py").read_text() == EDITED


async def test_what_can_t_be_read_at_all_counts_as_well(repository: Path) -> None:
    team = script(code="I would change the file.", files=["shop/prices.py"], ReviseCode=["Let me think.", CODE])
    harness = Harness(repository, Profiled(team))
    await harness.run(TaskSpec(EDIT.text, max_revision_rounds=4))

    last = [r for r in harness.model.requests if r.action == "ReviseCode"][-1].messages[-1]["content"]
    assert "Answer now with whole files" in last


async def test_a_renamed_file_is_part_of_the_outcome(repository: Path) -> None:
    text = "diff --git a/shop/prices.py b/shop/totals.py\nrename from shop/prices.py\nrename to shop/totals.py\n"
    harness = Harness(repository, ScriptedModel(script(code=text, files=["shop/prices.py"])))
    outcome = await harness.run(EDIT)

    assert [(file["path"], file["action"], file["source"]) for file in outcome.files] == [
        ("shop/totals.py", "renamed", "shop/prices.py")
    ]
