from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from agent.ports import CommandResult
from agent.projects import ProjectPart
from agent.stacks import get
from tests.support.suite_runs import run_stack

FASTAPI = get("fastapi")


class Scripted:
    """A sandbox whose every command ends in the same way."""

    def __init__(self, exit_code: int, tail: str, *, available: bool = True, timed_out: bool = False) -> None:
        self.result = CommandResult((), exit_code, 1, tail, timed_out=timed_out, available=available)

    async def install(self, part: ProjectPart, *, timeout: float = 600) -> CommandResult | None:
        return None

    async def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float = 300,
        directory: str = "",
        environment: Mapping[str, str] | None = None,
        reports: Sequence[str] = (),
    ) -> CommandResult:
        return replace(self.result, argv=argv)


@pytest.mark.parametrize(
    ("exit_code", "tail", "status", "counts"),
    [
        (0, "...\n3 passed in 0.46s\n", "passed", (3, 0, 0)),
        (0, "== 3 passed, 1 warning in 0.46s ==\n", "passed", (3, 0, 0)),
        (0, "3 passed, 2 skipped, 1 xfailed, 1 xpassed, 4 deselected in 71.30s (0:01:11)\n", "passed", (4, 0, 3)),
        (1, "=== 1 failed, 2 passed, 1 error in 1.00s ===\n", "failed", (2, 2, 0)),
        (2, "!! Interrupted: 1 error during collection !!\n1 error in 0.20s\n", "failed", (0, 1, 0)),
        (4, "ImportError while loading conftest '/workdir/conftest.py'.\nE   KeyError: 'A'\n", "unavailable", (0, 0, 0)),
        (137, "killed", "failed", (0, 0, 0)),
        (5, "no tests ran in 0.01s\n", "unavailable", (0, 0, 0)),
        (0, "", "unavailable", (0, 0, 0)),
        (0, "2 skipped in 0.01s\n", "unavailable", (0, 0, 2)),
        (1, "/usr/bin/python: No module named pytest\n", "unavailable", (0, 0, 0)),
        (0, "9 passed in 0.1s\nprinted by a test\n\x1b[32m1 passed\x1b[0m in 0.46s\n", "passed", (1, 0, 0)),
    ],
)
async def test_pytest_s_end(exit_code: int, tail: str, status: str, counts: tuple[int, int, int]) -> None:
    told = await run_stack(FASTAPI, Scripted(exit_code, tail))

    assert told["status"] == status
    assert (told["passed"], told["failed"], told["skipped"]) == counts


async def test_an_absent_runner_proves_nothing() -> None:
    told = await run_stack(get("laravel"), Scripted(127, "", available=False))

    assert told["status"] == "unavailable"
    assert told["reason"] == told["output_tail"] == "php is not available here."


async def test_time_that_runs_out_is_a_failure() -> None:
    told = await run_stack(FASTAPI, Scripted(124, "...", timed_out=True))

    assert told["status"] == "failed"
    assert told["reason"] == "The tests did not end within 600 seconds."


@pytest.mark.parametrize(
    ("exit_code", "tail", "reason"),
    [
        (5, "\nno tests ran in 0.01s\n", "There are no tests."),
        (0, "2 skipped in 0.01s\n", "Every test was skipped."),
        (0, "", "pytest ended without a line that counts its tests, so nothing is proved."),
    ],
)
async def test_what_proves_nothing_says_why_in_a_sentence(exit_code: int, tail: str, reason: str) -> None:
    assert (await run_stack(FASTAPI, Scripted(exit_code, tail)))["reason"] == reason


@pytest.mark.parametrize(
    ("exit_code", "tail", "status", "counts"),
    [
        (
            0,
            "\x1b[2m      Tests \x1b[22m \x1b[32m10 passed\x1b[39m\x1b[90m (10)\x1b[39m\n",
            "passed",
            (10, 0, 0),
        ),
        (1, "      Tests  1 failed | 3 passed | 2 skipped (6)\n", "failed", (3, 1, 2)),
        (0, "Tests:       1 skipped, 8 passed, 9 total\n", "passed", (8, 0, 1)),
        (1, "Tests:       2 failed, 1 passed, 3 total\n", "failed", (1, 2, 0)),
        (0, "  Tests:    5 passed (12 assertions)\n", "passed", (5, 0, 0)),
        (0, "Passed!  - Failed:     0, Passed:     5, Skipped:     1, Total:     6, Duration: 1 s\n", "passed", (5, 0, 1)),
        (1, "Failed!  - Failed:     1, Passed:     4, Skipped:     0, Total:     5\n", "failed", (4, 1, 0)),
        (1, "No test files found, exiting with code 1\n", "unavailable", (0, 0, 0)),
        (1, "Error: no test specified\n", "unavailable", (0, 0, 0)),
        (0, "      Tests  2 skipped (2)\n", "unavailable", (0, 0, 2)),
        (1, "src/a.ts: error TS1005\n", "failed", (0, 0, 0)),
    ],
)
async def test_the_end_of_other_runners(exit_code: int, tail: str, status: str, counts: tuple[int, int, int]) -> None:
    told = await run_stack(get("react-vite"), Scripted(exit_code, tail))

    assert (told["status"], told["passed"], told["failed"], told["skipped"]) == (status, *counts)


@pytest.mark.parametrize(
    ("stack", "exit_code", "tail", "absent"),
    [
        ("ci-github-actions", 127, "sh: 1: exec: check-jsonschema: not found\n", "check-jsonschema"),
        ("devops-docker", 1, "docker: 'compose' is not a docker command.\nSee 'docker --help'\n", "docker compose"),
    ],
)
async def test_a_tool_that_its_starter_misses_proves_nothing(stack: str, exit_code: int, tail: str, absent: str) -> None:
    told = await run_stack(replace(get(stack), tests=get(stack).tests[-1:]), Scripted(exit_code, tail))

    assert told["status"] == "unavailable"
    assert absent in told["output_tail"]


class Second(Scripted):
    """Only the second command is there."""

    async def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float = 300,
        directory: str = "",
        environment: Mapping[str, str] | None = None,
        reports: Sequence[str] = (),
    ) -> CommandResult:
        return replace(self.result, argv=argv, available=argv == get("devops-docker").tests[1])


async def test_the_first_command_that_is_there_counts() -> None:
    assert (await run_stack(get("devops-docker"), Second(0, "")))["status"] == "passed"


@pytest.mark.parametrize(("exit_code", "status"), [(0, "unavailable"), (1, "failed")])
async def test_a_runner_that_counts_nothing_proves_nothing(exit_code: int, status: str) -> None:
    told = await run_stack(get("dotnet-api"), Scripted(exit_code, ""))

    assert (told["status"], told["passed"], told["failed"]) == (status, 0, 0)
    assert told["reason"].startswith("dotnet")
