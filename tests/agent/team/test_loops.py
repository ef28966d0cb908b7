"""Ten ways of going in circles stop at the fourth time; twenty ways of waiting honestly never do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.errors import Paused
from agent.team.loop_detection import REPEATS, Loops, WatchedJournal
from tests.agent.conftest import SMALL_REPOSITORY
from tests.agent.harness import FAILED, Harness, ScriptedModel, TableSandbox, make_repository
from tests.agent.test_pipeline import CODE, EDIT
from tests.support.team_script import review, script

REFUSED = [{"code": "not_found", "path": "a.py", "message": "These lines are not in the file.", "hint": ""}]
Story = Callable[[Loops, int], Any]

LOOPS: dict[str, Story] = {
    "the engineer's answer": lambda loops, n: loops.record_answer("engineer", CODE),
    "the engineer's answer between real changes": lambda loops, n: (
        loops.record_change(), loops.record_answer("engineer", CODE)
    ),
    "an empty answer": lambda loops, n: loops.record_answer("team_leader", ""),
    "a review of the same files": lambda loops, n: loops.record_answer("reviewer", review("revise", "Say why.")),
    "one part of the plan": lambda loops, n: loops.record_answer("execute/write/0/2", "I can't."),
    "the same file read": lambda loops, n: loops.record_call("write/0", "read_file", {"path": "a.py"}, "1| x"),
    "a tool that always fails": lambda loops, n: loops.record_call("review/0", "search", {}, "The argument is missing."),
    "two calls by turns": lambda loops, n: [
        loops.record_call("write/0", "read_file", {"path": path}, "1| x") for path in ("a.py", "b.py")
    ],
    "an edit that does not fit": lambda loops, n: (
        loops.record_answer("engineer", f"another try {n}"), loops.record_refusal(REFUSED)
    ),
    "tests that fail in the same way": lambda loops, n: (
        loops.record_change(), loops.record_test_run(("pytest",), 1, f"E assert 1 == 2\n1 failed in {n}.0{n}s at 0x7f{n}a")
    ),
}  # fmt: skip

WAITS: dict[str, Story] = {
    "many files read": lambda loops, n: loops.record_call("write/0", "read_file", {"path": f"{n}.py"}, "1| x"),
    "one file in pieces": lambda loops, n: loops.record_call("write/0", "read_file", {"path": "a.py", "start": n}, f"{n}| x"),
    "one file read in many conversations": lambda loops, n: loops.record_call(
        f"write/{n}", "read_file", {"path": "a.py"}, "1| x"
    ),
    "a command whose result changes": lambda loops, n: loops.record_call("write/0", "run", {"argv": ["pytest"]}, f"{n} failed"),
    "other words searched, never found": lambda loops, n: loops.record_call(
        "write/0", "search", {"pattern": f"w{n}"}, "Nothing."
    ),
    "answers that differ": lambda loops, n: loops.record_answer("engineer", f"FILE: a.py\nx = {n}\n"),
    "reviews of ever new files": lambda loops, n: (loops.record_change(), loops.record_answer("reviewer", review())),
    "no tests to add after each change": lambda loops, n: (loops.record_change(), loops.record_answer("tester", "NO CHANGE")),
    "reviews with other comments": lambda loops, n: loops.record_answer("reviewer", review("revise", f"Line {n}.")),
    "many parts of a plan with the same answer": lambda loops, n: loops.record_answer(f"execute/write/0/{n}", "Done."),
    "edits refused for other reasons": lambda loops, n: loops.record_refusal([{**REFUSED[0], "message": f"Line {n} differs."}]),
    "edits of other files refused": lambda loops, n: loops.record_refusal([{**REFUSED[0], "path": f"{n}.py"}]),
    "tests that fail otherwise": lambda loops, n: loops.record_test_run(("pytest",), 1, f"E assert name_{'x' * n} is None"),
    "the same answer after people spoke": lambda loops, n: (loops.reset(), loops.record_answer("engineer", CODE)),
    "the same call after people spoke": lambda loops, n: (loops.reset(), loops.record_call("w", "search", {}, "Nothing.")),
    "the same failure after people spoke": lambda loops, n: (loops.reset(), loops.record_test_run(("pytest",), 1, FAILED)),
    "changes alone": lambda loops, n: loops.record_change(),
    "the roles in turn": lambda loops, n: loops.record_answer(("team_leader", "engineer")[n % 2], f"turn {n // 2}"),
    "tests that pass and pass": lambda loops, n: loops.record_test_run(("pytest",), 0, "3 passed"),
    "one symbol after the other": lambda loops, n: loops.record_call("analyze", "symbols", {"name": f"f{n}"}, "a.py:1"),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_stops_at_the_fourth_time(name: str) -> None:
    loops = Loops()
    for turn in range(REPEATS - 1):
        LOOPS[name](loops, turn)
    with pytest.raises(Paused) as paused:
        LOOPS[name](loops, REPEATS)
    assert paused.value.reason == "loop"
    assert str(REPEATS) in paused.value.detail


@pytest.mark.parametrize("name", WAITS)
def test_waiting_is_no_loop(name: str) -> None:
    loops = Loops()
    for turn in range(200):
        WAITS[name](loops, turn)


def test_there_are_as_many_as_promised() -> None:
    assert (len(LOOPS), len(WAITS)) == (10, 20)


@pytest.mark.asyncio
async def test_what_is_replayed_never_stops_and_counts_no_further() -> None:
    class Recorded:
        recorded = True

        async def step(self, key: str, kind: Any, inputs: Any, act: Any, **options: Any) -> Any:
            return {} if self.recorded else await act()

    inner = Recorded()
    journal = WatchedJournal(inner)
    loops = Loops(journal)

    async def act() -> dict[str, Any]:
        return {}

    async def turn() -> None:
        await journal.step("key", "model", {}, act)
        loops.record_answer("engineer", "same")

    for _ in range(4):
        await turn()
    inner.recorded = False
    for _ in range(3):
        await turn()
    with pytest.raises(Paused):
        await turn()


@pytest.fixture
def roots(tmp_path: Path) -> Callable[[str], Path]:
    return lambda name: make_repository(tmp_path / name, SMALL_REPOSITORY)


@pytest.mark.asyncio
async def test_a_run_with_the_same_answer_stops_and_goes_on_after_resuming(roots: Callable[[str], Path]) -> None:
    spec = dataclasses.replace(EDIT, max_rounds=20, max_revision_rounds=20)
    team = script(code="FILE: shop/prices.py\ndef broken(:\n", files=["shop/prices.py"])
    harness = Harness(roots("first"), ScriptedModel(team))
    with pytest.raises(Paused, match="engineer has given the same answer 4 times"):
        await harness.run(spec)
    assert sum(request.role == "engineer" for request in harness.model.requests) == 4

    again = Harness(roots("again"), ScriptedModel(script(code=CODE, ReviseCode=[CODE])), steps=harness.journal.steps)
    await again.run(spec)
    assert len([request for request in again.model.requests if request.role == "engineer"]) == 1


@pytest.mark.asyncio
async def test_a_run_whose_tests_fail_in_the_same_way_stops(roots: Callable[[str], Path]) -> None:
    spec = dataclasses.replace(EDIT, max_rounds=20, max_revision_rounds=20)
    answers = [f"{CODE}\n# try {n}\n" for n in range(9)]
    sandbox = TableSandbox([*["3 passed in 0.01s"], FAILED])
    team = script(code=CODE, files=["shop/prices.py"], ReviseCode=answers)
    harness = Harness(roots("failing"), ScriptedModel(team), sandbox=sandbox)
    with pytest.raises(Paused, match="failed in the same way 4 times") as paused:
        await harness.run(spec)
    assert paused.value.reason == "loop"
