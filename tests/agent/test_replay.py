"""Resume is replay: with the first k recorded steps, the run ends in the same place and pays for no recorded call again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Cancelled, Paused
from agent.in_memory import read_tree
from agent.ports import ModelCompletion, ModelRequest, TaskSpec
from tests.agent.conftest import SMALL_REPOSITORY
from tests.agent.harness import FAILED, PASSED, Harness, PlainModel, ScriptedModel, TableSandbox, make_repository
from tests.support.team_script import review, script

pytestmark = pytest.mark.asyncio
ANNOUNCED = ("model_call", "patch_applied", "patch_refused", "files_formatted", "command_finished")
EDIT = TaskSpec("Let total() ignore prices that are None")
EDITED = "FILE: shop/prices.py\ndef total(prices):\n    return sum(price for price in prices if price is not None)\n"


def team() -> Any:
    """A long road: broken rules, then failing tests, then a review's wish, then approval."""
    answers = [EDITED, EDITED + "\n\n# better\n", EDITED + "\n\n# best\n"]
    added = "FILE: tests/test_none.py\ndef test_none():\n    assert True\n"
    return script(
        code="FILE: shop/prices.py\ndef broken(:\n",
        files=["shop/prices.py"],
        ReviseCode=answers,
        WriteTest=[added],
        ReviewCode=[review("revise", "Say why."), review()],
    )


class Recorded(PlainModel):
    """Answers each key as an earlier run's journal has it."""

    def __init__(self, run: Harness) -> None:
        self._steps = run.journal.steps
        self.asked: list[str] = []

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        self.asked.append(request.key)
        return ModelCompletion.from_json(self._steps[request.key].result)


def sandbox_of(root: Path) -> TableSandbox:
    """Its tests fail between the first edit and the better one."""

    def tests() -> str:
        text = (root / "shop/prices.py").read_text()
        return FAILED if "is not None" in text and "# be" not in text else PASSED

    return TableSandbox(tests)


async def whole(root: Path) -> Harness:
    harness = Harness(make_repository(root, SMALL_REPOSITORY), ScriptedModel(team()), sandbox=sandbox_of(root))
    await harness.run(EDIT)
    return harness


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Harness:
    """What all others replay: only read."""
    return asyncio.run(whole(tmp_path_factory.mktemp("replay") / "whole"))


async def test_every_prefix_of_the_journal_leads_to_the_same_tree(first: Harness, tmp_path: Path) -> None:
    tree = read_tree(first.root)
    steps = first.journal.steps
    keys = list(steps)
    assert sum(steps[key].kind == "model" for key in keys) == 8

    for count in range(len(keys) + 1):
        root = make_repository(tmp_path / f"prefix-{count}", SMALL_REPOSITORY)
        model = Recorded(first)
        again = Harness(root, model, sandbox=sandbox_of(root), steps={key: steps[key] for key in keys[:count]})
        outcome = await again.run(EDIT)

        assert read_tree(root) == tree, f"after {count} steps"
        assert outcome.tests["status"] == "passed"
        assert not outcome.draft
        assert list(again.journal.steps) == keys
        assert model.asked == [key for key in keys[count:] if steps[key].kind == "model"]
        plain = [event for event in first.sink.events if event[0] not in ANNOUNCED]
        assert [event for event in again.sink.events if event[0] not in ANNOUNCED] == plain, "emitted events repeat in order"


async def test_a_replayed_install_is_made_good_before_the_next_real_command(first: Harness, tmp_path: Path) -> None:
    steps = first.journal.steps
    count = list(steps).index("execute/environment/2") + 1
    root = make_repository(tmp_path / "again", SMALL_REPOSITORY)
    sandbox = sandbox_of(root)
    again = Harness(root, Recorded(first), sandbox=sandbox, steps={key: steps[key] for key in list(steps)[:count]})
    await again.run(EDIT)
    assert sandbox.ran[:2] == ["install pip", "python -m pytest"]


async def test_a_step_with_other_inputs_pauses_instead_of_lying(first: Harness, tmp_path: Path) -> None:
    root = make_repository(tmp_path / "again", SMALL_REPOSITORY)
    with pytest.raises(Paused) as paused:
        await Harness(root, Recorded(first), steps=first.journal.steps).run(TaskSpec("Something else entirely"))
    assert paused.value.reason == "loop"


@pytest.mark.parametrize("count", range(1, 40, 3))
async def test_a_cancelled_run_stops_and_can_be_told_again(first: Harness, tmp_path: Path, count: int) -> None:
    """The switch is turned at the count-th event; then the same journal is run again to its end,
    in a workdir of its own as another worker has it."""
    root = make_repository(tmp_path / "again", SMALL_REPOSITORY)
    cut = Harness(root, Recorded(first), sandbox=sandbox_of(root))
    emit = cut.sink.emit

    async def emit_and_cancel(type: str, data: dict[str, Any], message: str = "") -> None:
        await emit(type, data, message)
        if len(cut.sink.events) == count:
            cut.switch.cancel()

    cut.sink.emit = emit_and_cancel  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        await cut.run(EDIT)

    fresh = make_repository(tmp_path / "fresh", SMALL_REPOSITORY)
    again = Harness(fresh, Recorded(first), sandbox=sandbox_of(fresh), steps=cut.journal.steps)
    await again.run(EDIT)
    assert read_tree(fresh) == read_tree(first.root)
