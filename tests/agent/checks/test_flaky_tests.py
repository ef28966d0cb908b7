"""What is run again is bounded, is named so that it can't be read otherwise, and is excused only by what really ran."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from agent.checks import flaky_tests
from agent.checks.flaky_tests import MAX_TESTS, by_chance
from agent.checks.reports import can_be_named, distinct, rerun
from agent.checks.reports.model import short
from agent.ports import CommandResult
from agent.projects import ProjectCommand, ProjectPart
from tests.support.suite_runs import commands_over

PART = ProjectPart(ecosystem="python", runner="pytest", commands={"test": ProjectCommand(("pytest",))})


class Answers:
    """A sandbox that answers with the next of ``ends``, (exit code, output), and remembers what it was asked."""

    def __init__(self, *ends: tuple[int, str]) -> None:
        self.ends = list(ends)
        self.asked: list[Sequence[str]] = []

    async def run(self, argv: Sequence[str], *, timeout: float = 300, **_: Any) -> CommandResult:
        assert timeout <= flaky_tests.MAX_SECONDS
        self.asked.append(argv)
        code, output = self.ends.pop(0)
        return CommandResult(argv, code, 1, output, timed_out=code == 124)

    async def install(self, part: ProjectPart, *, timeout: float = 600) -> None:
        return None


async def chance(answers: Answers, *names: str) -> list[str]:
    return await by_chance(PART, names, commands_over(answers), None)


async def test_a_test_that_passes_alone_fails_by_chance() -> None:
    answers = Answers((0, "1 passed in 0.01s"))
    assert await chance(answers, "t.py::a") == ["t.py::a"]


async def test_what_was_not_found_or_not_reached_keeps_its_failure() -> None:
    assert await chance(Answers((0, "1 passed in 1s"), (0, "1 passed in 1s")), "t.py::a", "t.py::b") == []
    stopped = (124, "FAILED t.py::a - x\n1 failed in 1s")
    assert await chance(Answers(stopped, stopped), "t.py::a", "t.py::b") == []


async def test_a_name_that_is_an_option_is_left_out_and_the_others_are_run() -> None:
    answers = Answers((0, "1 passed in 0.01s"))
    assert await chance(answers, "--co", "@arguments", "x" * 10_000, "t.py::a\x00", "t.py::a") == ["t.py::a"]
    assert answers.asked[0][-1] == "t.py::a"
    assert not {"--co", "@arguments"} & set(answers.asked[0])


async def test_too_many_are_not_run_again() -> None:
    answers = Answers()
    assert await chance(answers, *(f"t.py::t{number}" for number in range(MAX_TESTS + 1))) == []
    assert answers.asked == []


@pytest.mark.parametrize(
    ("runner", "argv", "name"),
    [
        ("pytest", ("pytest",), "-p evil.py::a"),
        ("pytest", ("pytest",), "@file"),
        ("vitest", ("npx", "vitest"), "--config=evil.ts > a"),
        ("go", ("go", "test", "./..."), "-exec=evil > TestA"),
        ("cargo", ("cargo", "test"), "src/lib.rs > --list"),
        ("maven", ("mvn", "test"), "A > b,!C"),
        ("dotnet", ("dotnet", "test"), "A.B|Name!=C"),
        ("rspec", ("rspec",), "-r evil.rb > x"),
        ("unittest", ("python", "-m", "unittest"), "-x"),
        ("pytest", ("pytest",), short("t.py::" + "x" * 400)),
        ("pytest", (), "t.py::a"),
    ],
)
def test_a_name_that_would_mean_something_else_is_refused(runner: str, argv: tuple[str, ...], name: str) -> None:
    assert rerun(runner, argv, [name]) is None
    assert not argv or not can_be_named(runner, name)


def test_names_of_one_test_are_counted_once() -> None:
    assert distinct(["t.py::a[1]", "t.py::a[2]", "t.py::a (i=1)", "t.py::b"]) == 2
    assert distinct(["example.com/a > TestA", "example.com/a > TestA/sub", "example.com/b > TestA"]) == 2
    assert distinct(["a.test.ts > sums > adds (fast)", "a.test.ts > sums > adds"]) == 1


def test_pnpm_and_yarn_hand_every_word_on() -> None:
    names = ["a.test.ts > adds"]
    assert rerun("vitest", ("npm", "test"), names) == ("npm", "test", "--", "-t", "(adds)$", "a.test.ts")
    assert rerun("vitest", ("pnpm", "test"), names) == ("pnpm", "test", "-t", "(adds)$", "a.test.ts")
