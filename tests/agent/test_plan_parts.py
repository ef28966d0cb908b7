"""Independent parts of a plan are written side by side and land as one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Cancelled, ModelFailed, Paused
from agent.in_memory import read_tree
from agent.patch import parse_edits
from agent.pipeline import carry_out
from agent.ports import ModelCompletion, ModelRequest, TaskSpec
from agent.stages.plan_parts import Part, parts_of, split_conflicting
from tests.agent.harness import Harness, PlainModel, ScriptedModel, make_repository
from tests.support.patience import SOON
from tests.support.team_script import plan, review, script

SPEC = TaskSpec("Prices and names, please", stack="fastapi", parallel_steps=2)
FILES = {
    "shop/prices.py": "P = 1\n",
    "shop/names.py": "N = 1\n",
    "README.md": "# Shop\n",
    "tests/test_all.py": "def test(): ...\n",
}
STEPS = [
    {"title": "Prices", "files": ["shop/prices.py", "shop/taxes.py"], "kind": "modify"},
    {"title": "Names", "files": ["shop/names.py", "shop/titles.py"], "kind": "modify"},
]
PRICES = "FILE: shop/prices.py\nP = 2\n\nFILE: shop/taxes.py\nT = 2\n"
NAMES = "FILE: shop/titles.py\nT = 3\n"
BLOCK = "{}\n<<<<<<< SEARCH\n{}=======\n{}>>>>>>> REPLACE\n"
EDIT = BLOCK.format("shop/names.py", "N = 1\n", "N = 3\n") + "\n" + BLOCK.format("shop/titles.py", "", "T = 3\n")


def steps(*files: list[str]) -> dict[str, Any]:
    return {"steps": [{"title": "x", "files": names, "kind": "modify"} for names in files]}


def test_steps_of_disjoint_files_are_parts() -> None:
    assert parts_of({"steps": STEPS}, {}, 2) == [
        Part((1,), ("shop/prices.py", "shop/taxes.py")),
        Part((2,), ("shop/names.py", "shop/titles.py")),
    ]


@pytest.mark.parametrize(
    ("plan", "texts", "limit"),
    [
        ({"steps": STEPS}, {}, 1),
        ({"steps": STEPS}, {"shop/names.py": "from shop import prices\n"}, 2),
        (steps(["a/first.py"], ["a/second.py"]), {}, 2),
        (steps(["a/one.py", "a/both.py"], ["a/both.py", "a/two.py", "a/three.py"]), {}, 2),
        (steps(["a/main.py", "a/b.py"], ["tests/test_main.py", "c.py"]), {}, 2),
        ({"steps": "nonsense"}, {}, 2),
        ({}, {}, 2),
    ],
    ids=["not wanted", "one reads the other", "small", "a file in common", "tests of the other", "edited", "empty"],
)
def test_what_belongs_together_is_written_at_once(plan: dict[str, Any], texts: dict[str, str], limit: int) -> None:
    assert parts_of(plan, texts, limit) == []


def test_no_more_parts_than_the_limit_and_about_as_many_files_in_each() -> None:
    found = parts_of(steps(["aaa.py"], ["bbb.py", "ccc.py"], [], ["ddd.py"], ["eee.py"]), {}, 2)
    assert found == [Part((1, 3, 4), ("aaa.py", "ddd.py")), Part((2, 5), ("bbb.py", "ccc.py", "eee.py"))]


def test_answers_that_cross_are_told_apart() -> None:
    prices, edit, crossing, unreadable = map(parse_edits, (PRICES, EDIT, "FILE: shop/PRICES.py\nx\n", "No."))
    assert split_conflicting([prices, edit, crossing, unreadable]) == ([prices, edit, unreadable], [crossing])


class SideBySide(PlainModel):
    """Answers no part before all of them were asked for. ``last_first`` then answers in the opposite order."""

    def __init__(self, answers: dict[str, str], *, last_first: bool = False, **said: Any) -> None:
        team = script(code="", DraftPlan=[plan(steps=STEPS)], **said)
        self.inner = ScriptedModel(team)
        self.answers = answers
        self.last_first = last_first
        self.asked: list[str] = []
        self._all = asyncio.Event()
        self._answered: dict[str, asyncio.Event] = {key: asyncio.Event() for key in answers}

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        key = request.key.removeprefix("execute/write/0/")
        if key not in self.answers:
            return await self.inner.complete(request, on_text)
        self.inner.requests.append(request)
        self.asked.append(key)
        if len(self.asked) == len(self.answers):
            self._all.set()
        async with asyncio.timeout(SOON):
            await self._all.wait()
            if self.last_first and key == "1":
                await self._answered["2"].wait()
        self._answered[key].set()
        return ModelCompletion(self.answers[key], self.name, 10, 10)


async def carried_out(root: Path, model: SideBySide, **options: Any) -> Harness:
    harness = Harness(make_repository(root, FILES), model, **options)
    await harness.run(SPEC)
    return harness


def prompts(model: SideBySide, action: str) -> list[str]:
    """All that the requests for ``action`` say after the plan."""
    asked = [request.messages[2:] for request in model.inner.requests if request.action == action]
    return ["\n".join(message["content"] for message in messages) for messages in asked]


@pytest.mark.asyncio
@pytest.mark.parametrize("last_first", [False, True])
async def test_parts_are_written_at_the_same_time_and_land_as_one(tmp_path: Path, last_first: bool) -> None:
    model = SideBySide({"1": PRICES, "2": EDIT}, last_first=last_first)
    harness = await carried_out(tmp_path / "shop", model)

    assert model.asked == ["1", "2"]
    files = {path: text.decode() for path, text in read_tree(harness.root).items() if path.startswith("shop/")}
    assert files == {
        "shop/prices.py": "P = 2\n",
        "shop/taxes.py": "T = 2\n",
        "shop/names.py": "N = 3\n",
        "shop/titles.py": "T = 3\n",
    }
    assert [key for key in harness.journal.steps if "/apply/" in key] == ["execute/apply/0"]
    assert len(harness.sink.of("patch_applied")[0]["files"]) == 4
    first, second = sorted(prompts(model, "WritePart"))
    assert "only that: step 1." in first
    assert "Your files: shop/names.py, shop/titles.py" in second


@pytest.mark.asyncio
async def test_a_file_that_two_parts_changed_is_done_again_on_the_first_ones_base(tmp_path: Path) -> None:
    crossing = f"{NAMES}\nFILE: shop/prices.py\nP = 9\n"
    both = "FILE: shop/prices.py\nP = 29\n\nFILE: shop/titles.py\nT = 3\n"
    model = SideBySide({"1": PRICES, "2": crossing}, ReviseCode=[both])
    harness = await carried_out(tmp_path / "shop", model)

    assert (harness.root / "shop/prices.py").read_text() == "P = 29\n"
    assert (harness.root / "shop/taxes.py").read_text() == "T = 2\n"
    [asked] = prompts(model, "ReviseCode")
    assert "written at the same time" in asked
    assert "P = 2\n" in asked, "the file as the first part left it"
    assert "P = 9\n" in asked, "the answer that was not applied"


@pytest.mark.asyncio
async def test_a_part_that_breaks_the_rules_keeps_all_of_them_out(tmp_path: Path) -> None:
    model = SideBySide({"1": PRICES, "2": "FILE: shop/titles.py\ndef broken(:\n"}, ReviseCode=[f"{PRICES}\n{NAMES}"])
    harness = await carried_out(tmp_path / "shop", model)

    assert harness.sink.of("validation_failed")[0]["errors"][0]["path"] == "shop/titles.py"
    [asked] = prompts(model, "ReviseCode")
    assert "P = 2" in asked
    assert (harness.root / "shop/titles.py").read_text() == "T = 3\n"


@pytest.mark.asyncio
async def test_a_replay_needs_no_order_of_arrival(tmp_path: Path) -> None:
    first = await carried_out(tmp_path / "shop", SideBySide({"1": PRICES, "2": EDIT}, last_first=True))
    steps = first.journal.steps
    parts = [key for key in steps if key.startswith("execute/write/0/")]
    assert sorted(parts) == ["execute/write/0/1", "execute/write/0/2"]
    for kept in (["execute/write/0/1"], ["execute/write/0/2"], parts):
        until = list(steps)[: min(map(list(steps).index, parts))]
        model = SideBySide({key[-1]: steps[key].result["text"] for key in parts if key not in kept})
        harness = await carried_out(
            tmp_path / "-".join(kept).replace("/", "_"), model, steps={key: steps[key] for key in (*until, *kept)}
        )
        assert read_tree(harness.root) == read_tree(first.root)
        assert sorted(model.asked) == sorted(key[-1] for key in parts if key not in kept)


class Stopping(SideBySide):
    """The first part waits for ever; the second one is where the run stops."""

    def __init__(self, error: Exception) -> None:
        super().__init__({"1": PRICES, "2": NAMES})
        self.error = error
        self.cancelled = False

    async def complete(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelCompletion:
        if request.key.endswith("/0/2"):
            await self._all.wait()
            raise self.error
        if request.key.endswith("/0/1"):
            self._all.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled = True
        return await super().complete(request, on_text)


@pytest.mark.asyncio
@pytest.mark.parametrize("error", [ModelFailed("broken", hint="x"), Paused("budget", "no money"), Cancelled("stop")])
async def test_one_that_stops_stops_the_others(tmp_path: Path, error: Exception) -> None:
    model = Stopping(error)
    with pytest.raises(type(error)) as raised:
        await carried_out(tmp_path / "shop", model)
    assert raised.value is error
    assert model.cancelled
    assert (tmp_path / "shop/shop/prices.py").read_text() == "P = 1\n"


@pytest.mark.asyncio
async def test_the_cap_holds_for_parts_as_well(tmp_path: Path) -> None:
    model = SideBySide({"1": PRICES, "2": NAMES}, ReviewCode=[review()])
    harness = Harness(make_repository(tmp_path / "shop", FILES), model)
    draft = await harness.plan(SPEC)
    harness.budget.max_tokens = harness.budget.tokens + 40_000  # one answer of at most 32,000 tokens fits, two don't
    with pytest.raises(Paused) as paused:
        await carry_out(SPEC, draft, harness.root, harness.ports)
    assert paused.value.reason == "budget"
    assert model.asked in ([], ["1"])
