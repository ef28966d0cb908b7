"""The estimate in a plan says what it rests on, and stays what it was when the plan is told again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agent.models import Prices
from agent.models.prices import estimate_call
from agent.ports import CallEstimate, ModelRequest, RunStatistics, TaskSpec
from tests.agent.harness import Harness, ScriptedModel
from tests.support.team_script import script

pytestmark = pytest.mark.asyncio
HEALTH = TaskSpec("Create a FastAPI health endpoint")
NOTHING = RunStatistics()
PAST = RunStatistics(12, tokens_per_file=2_000.0, cost_per_token=Decimal("0.00001"), seconds_per_file=45.0)


class Priced(ScriptedModel):
    def estimate(self, request: ModelRequest) -> CallEstimate:
        return estimate_call(request, Prices(Decimal(2), Decimal(8)))


class Remembers:
    """A history that says ``past`` and counts how often it was asked."""

    def __init__(self, past: RunStatistics) -> None:
        self.past_runs, self.asked = past, list[str]()

    async def past(self, stack: str) -> RunStatistics:
        self.asked.append(stack)
        return self.past_runs


def harness(root: Path, past: RunStatistics = NOTHING, model: Any = Priced, **options: Any) -> Harness:
    made = Harness(root, model(script(code="", files=["a.py", "b.py"])), **options)
    made.ports = replace(made.ports, history=Remembers(past))
    return made


async def estimated(there: Harness) -> dict[str, Any]:
    estimate: dict[str, Any] = (await there.plan(HEALTH)).plan["estimate"]
    assert there.sink.of("plan_ready")[0]["plan"]["estimate"] == estimate
    return estimate


async def test_a_first_run_guesses_and_says_so(workdir: Path) -> None:
    found = await estimated(harness(workdir))
    assert found["basis"] == "a rough guess"
    assert 2 * 900 < found["tokens"] < 50_000
    assert Decimal(found["cost_usd"]) > 0
    assert found["seconds"] > 10


async def test_earlier_runs_say_what_a_file_takes(workdir: Path) -> None:
    found = await estimated(harness(workdir, PAST))
    assert found == {"tokens": 4_000, "cost_usd": "0.0400", "seconds": 90, "basis": "from 12 earlier runs"}


async def test_two_earlier_runs_are_too_few(workdir: Path) -> None:
    assert (await estimated(harness(workdir, replace(PAST, runs=2))))["basis"] == "a rough guess"


@pytest.mark.parametrize("past", [NOTHING, PAST])
async def test_without_a_price_there_is_no_cost(workdir: Path, past: RunStatistics) -> None:
    assert (await estimated(harness(workdir, past, ScriptedModel)))["cost_usd"] is None


async def test_a_plan_told_again_estimates_the_same_though_history_grew(workdir: Path) -> None:
    first = harness(workdir, PAST)
    found = await estimated(first)
    again = harness(workdir, replace(PAST, runs=13, tokens_per_file=9_000.0), steps=first.journal.steps)
    assert await estimated(again) == found
    assert isinstance(again.ports.history, Remembers)
    assert again.ports.history.asked == []
