"""Runs a project's tests in the sandbox and says what they proved, in the data of ``tests_finished``."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Protocol

from agent.checks.reports import SuiteReport, Tally, how_to_report, read
from agent.checks.reports.reasons import NONE, nothing_to_run
from agent.checks.reports.reporting import refused
from agent.ports import CommandResult, JSONObject, Sandbox
from agent.projects import ProjectPart
from agent.stacks import Stack

TIMEOUT = 600.0
CHECKS = ("docker-compose", "docker", "actionlint", "sh")
"""Programs of the catalogue that check files and count nothing: each is one check, which passes or fails as a whole."""
_STACK_RUNNERS = (("pytest", "pytest"), ("artisan", "pest"), ("dotnet", "dotnet"))

__all__ = ["NONE", "RunCommand", "not_run", "run_suite", "run_tests"]


class RunCommand(Protocol):
    """``Sandbox.run``: runs ``argv`` in ``directory`` and brings back the files that ``reports`` name, by path."""

    def __call__(
        self,
        argv: Sequence[str],
        *,
        timeout: float,
        directory: str,
        environment: Mapping[str, str],
        reports: Sequence[str],
    ) -> Awaitable[CommandResult]: ...


async def run_suite(part: ProjectPart, run: RunCommand, *, timeout: float = TIMEOUT) -> JSONObject:
    """``{status, passed, failed, skipped, errors, failing, collection_errors, counted, command, flaky, seconds, output_tail,
    reason, source}`` of the part's own test command; ``status`` is passed, failed or unavailable.

    The runner is asked for a report; one that refuses what was added for that is run again as the project has it. Names in
    ``failing`` are relative to the part's directory, as its runner names them. Raises what ``run`` raises.
    """
    command = part.commands.get("test")
    if command is None or not command.argv:
        return not_run("unavailable", f"{part.place} has no test command.")
    asked = how_to_report(part.runner, command.argv)
    result = await run(
        asked.argv, timeout=timeout, directory=part.directory, environment=asked.environment, reports=asked.globs
    )
    if asked.added and refused(result.output_tail, result.exit_code):
        result = await run(command.argv, timeout=timeout, directory=part.directory, environment={}, reports=())
    reports: Mapping[str, str] = getattr(result, "reports", None) or {}
    suite = read(part.runner, result, reports, directory=part.directory, command=command.line, timeout=timeout)
    return suite.to_json()


async def run_tests(stack: Stack, sandbox: Sandbox, *, timeout: float = TIMEOUT) -> JSONObject:
    """What ``run_suite`` says, for a stack: the first of its commands whose tool is there counts, by what it prints. Raises
    ``SandboxFailed``."""
    if not stack.tests:
        return not_run("unavailable", f"{stack.title} has no test command.")
    absent = []
    for argv in stack.tests:
        result = await sandbox.run(argv, timeout=timeout)
        missing = _missing(argv, result)
        if not missing:
            return _of_stack(argv, result, timeout)
        absent.append(missing.removesuffix(" is not available here."))
    names = list(dict.fromkeys(absent))
    return not_run("unavailable", f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'} not available here.")


def not_run(status: str, reason: str, output: str = "") -> JSONObject:
    """A report of tests that were not run."""
    told = SuiteReport("unavailable", Tally(source=""), reason, output or reason).to_json()
    return {**told, "status": status}


def _missing(argv: Sequence[str], result: CommandResult) -> str:
    """The sentence that says which tool the command could not start; "" where it started."""
    if not result.available:
        return f"{argv[0]} is not available here."
    why = "" if result.ok or argv[0] == "npm" else nothing_to_run(tuple(argv), result.exit_code, result.output_tail)
    return why if why.endswith(" is not available here.") else ""


def _of_stack(argv: Sequence[str], result: CommandResult, timeout: float) -> JSONObject:
    if argv[0] in CHECKS and not result.timed_out:
        counted = Tally(passed=int(result.ok), failed=int(not result.ok))
        return SuiteReport(
            "passed" if result.ok else "failed", counted, "", result.output_tail, " ".join(argv), result.duration_ms / 1000
        ).to_json()
    runner = next((name for word, name in _STACK_RUNNERS if word in argv), "")
    return read(runner, result, timeout=timeout).to_json()
