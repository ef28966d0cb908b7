"""A model's answer is parsed once: guardrails, parts, baseline files and the edit engine share its ``Edits``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from agent.patch import parse
from tests.agent.harness import Harness, ScriptedModel, make_repository
from tests.agent.test_plan_parts import EDIT, FILES, NAMES, PRICES, SPEC, SideBySide, carried_out
from tests.support.team_script import review, script

TESTS = "FILE: tests/test_none.py\ndef test_none():\n    assert True\n"
CROSSING = f"{NAMES}\nFILE: shop/prices.py\nP = 9\n"
BOTH = "FILE: shop/prices.py\nP = 29\n\nFILE: shop/titles.py\nT = 3\n"
LAST = "FILE: shop/prices.py\nP = 30\n"


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each text was read for its edits."""
    counts: Counter[str] = Counter()

    def counting(parser: Callable[..., Any]) -> Callable[..., Any]:
        def count(text: str, **options: Any) -> Any:
            counts[text] += 1
            return parser(text, **options)

        return count

    monkeypatch.setattr(parse, "read", counting(parse.read))
    return counts


@pytest.mark.asyncio
async def test_every_answer_of_a_run_is_parsed_once(tmp_path: Path, parsed: Counter[str]) -> None:
    reviews = [review("revise", "Say thirty."), review()]
    model = SideBySide({"1": PRICES, "2": CROSSING}, WriteTest=[TESTS], ReviewCode=reviews, ReviseCode=[BOTH, LAST])
    await carried_out(tmp_path / "shop", model)
    assert parsed == dict.fromkeys([PRICES, CROSSING, BOTH, TESTS, LAST], 1)


@pytest.mark.asyncio
async def test_parts_and_a_refused_edit_are_parsed_once(tmp_path: Path, parsed: Counter[str]) -> None:
    misfit = EDIT.replace("N = 1", "N = 77")
    await carried_out(tmp_path / "shop", SideBySide({"1": PRICES, "2": misfit}, ReviseCode=[f"{PRICES}\n{NAMES}"]))
    assert parsed == dict.fromkeys([PRICES, misfit, f"{PRICES}\n{NAMES}"], 1)


@pytest.mark.asyncio
async def test_a_replay_parses_what_the_journal_has_once(tmp_path: Path, parsed: Counter[str]) -> None:
    first = await carried_out(tmp_path / "first", SideBySide({"1": PRICES, "2": EDIT}))
    parsed.clear()
    again = await carried_out(tmp_path / "again", SideBySide({"1": "", "2": ""}), steps=first.journal.steps)
    assert again.model.asked == []
    assert parsed == {PRICES: 1, EDIT: 1}


@pytest.mark.asyncio
async def test_the_journal_has_the_texts(tmp_path: Path) -> None:
    """A run that is under way at an upgrade is replayed by them: names and shape of the inputs stay."""
    harness = await carried_out(tmp_path / "shop", SideBySide({"1": PRICES, "2": EDIT}))
    seen = {path: sha256(text.encode()).hexdigest() for path, text in FILES.items() if not path.startswith("tests/")}
    inputs = json.dumps({"answers": [PRICES, EDIT], "seen": seen}, sort_keys=True)
    assert harness.journal.steps["execute/apply/0"].digest == sha256(inputs.encode()).hexdigest()


@pytest.mark.asyncio
async def test_an_indented_answer_is_applied_as_the_engine_reads_it(tmp_path: Path) -> None:
    """Guardrails once refused what the engine would have taken."""
    indented = "".join(f"    {line}\n" for line in ("```", *EDIT.splitlines(), "```"))
    team = script(code=indented, files=["shop/names.py"])
    harness = Harness(make_repository(tmp_path / "shop", FILES), ScriptedModel(team))
    await harness.run(replace(SPEC, parallel_steps=1))
    assert (harness.root / "shop/names.py").read_text() == "N = 3\n"
    assert harness.sink.of("validation_failed") == []
