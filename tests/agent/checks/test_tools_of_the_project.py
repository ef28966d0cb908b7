"""Formatters and linters that the project configures: what only looks is never made to write, and what is absent is told where
a file of the change needed it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agent.checks import linting
from agent.checks.formatting import FormatReport, clean_files, format_files
from agent.ports import CommandResult
from agent.projects import ProjectPart
from agent.stacks import FormatTool
from tests.support.suite_runs import commands_over

FLAKE8 = FormatTool("flake8", (), ("flake8",), (".py",))
BLACK = FormatTool("black", ("black",), ("black", "--check"), (".py",))
PART = ProjectPart(ecosystem="python", formatters=(BLACK,), linters=(FLAKE8,))


class Programs:
    """A sandbox whose commands end as ``ends`` says: an exit code, None for a program that is absent."""

    def __init__(self, ends: Callable[[Sequence[str]], int | None]) -> None:
        self.ends = ends
        self.asked: list[Sequence[str]] = []

    async def run(self, argv: Sequence[str], **_: Any) -> CommandResult:
        self.asked.append(argv)
        code = self.ends(argv)
        return CommandResult(argv, 127 if code is None else code, 1, "said", available=code is not None)

    async def install(self, part: ProjectPart, *, timeout: float = 600) -> None:
        return None


async def test_a_tool_that_only_looks_is_never_run_as_a_formatter() -> None:
    programs = Programs(lambda argv: 0)
    assert await format_files(["a.py"], [FLAKE8], programs) == FormatReport()
    await format_files(["a.py"], [FLAKE8, BLACK], programs)
    assert {argv[0] for argv in programs.asked} == {"sha256sum", "black"}


async def test_an_absent_formatter_is_told_where_a_file_that_was_there_needed_it() -> None:
    absent = Programs(lambda argv: None)
    assert await clean_files(["a.py"], BLACK, absent) is None
    assert await clean_files(["a.md"], BLACK, absent) == []
    assert FormatReport.without([BLACK], [BLACK]).missing == ["black"]
    spare = FormatTool("ruff", ("ruff",), ("ruff", "--check"), (".py",), stands_in_for="black")
    assert FormatReport.without([BLACK], [BLACK, spare]).missing == []


async def test_an_absent_linter_is_told_where_a_file_of_the_change_needed_it() -> None:
    absent = Programs(lambda argv: None)
    found = await linting.compare(PART, ["a.py"], commands_over(absent), commands_over(absent))
    assert (found.worse, found.absent) == ([], ["flake8"])
    assert (await linting.compare(PART, ["a.md"], commands_over(absent), commands_over(absent))).absent == []


async def test_many_files_that_were_clean_are_told_as_well() -> None:
    paths = [f"a{number}.py" for number in range(30)]
    clean, dirty = commands_over(Programs(lambda argv: 0)), commands_over(Programs(lambda argv: 1))
    found = await linting.compare(PART, paths, dirty, clean)
    assert [(entry["tool"], len(entry["files"])) for entry in found.worse] == [("black", 30), ("flake8", 30)]
    again = Programs(lambda argv: 1)
    assert (await linting.compare(PART, paths, commands_over(again), commands_over(again))).worse == []
    assert len(again.asked) == 4
