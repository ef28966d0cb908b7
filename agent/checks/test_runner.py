"""Runs a stack's tests in the sandbox and says what they proved, in the data of ``tests_finished``."""

from __future__ import annotations

from collections.abc import Sequence

from agent.checks.reports import SuiteReport, Tally, read
from agent.checks.reports.reasons import ABSENT, NONE, nothing_to_run
from agent.ports import CommandResult, JSONObject, Sandbox
from agent.stacks import Stack

TIMEOUT = 600.0
FIELDS = ("status", "passed", "failed", "skipped", "failing", "seconds", "output_tail", "reason")
_RUNNERS = (("pytest", "pytest"), ("artisan", "pest"), ("dotnet", "dotnet"))

__all__ = ["NONE", "not_run", "run_tests"]


async def run_tests(stack: Stack, sandbox: Sandbox, *, timeout: float = TIMEOUT) -> JSONObject:
    """``{status, passed, failed, skipped, failing, seconds, output_tail, reason}``, by what is printed: that of the first
    command of the stack whose tool is there. ``status`` is passed, failed or unavailable. Raises ``SandboxFailed``."""
    if not stack.tests:
        return not_run("unavailable", f"{stack.title} has no test command.")
    absent = []
    for argv in stack.tests:
        result = await sandbox.run(argv, timeout=timeout)
        missing = _missing(argv, result)
        if not missing:
            runner = next((name for word, name in _RUNNERS if word in argv), "")
            return _of_the_stack(read(runner, result, timeout=timeout))
        absent.append(missing)
    names = list(dict.fromkeys(absent))
    return not_run("unavailable", f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'}{ABSENT.removeprefix(' is')}")


def not_run(status: str, reason: str, output: str = "") -> JSONObject:
    """A report of tests that were not run."""
    told = SuiteReport("unavailable", Tally(source=""), reason, output or reason)
    return {**told.to_json(), "status": status}


def _missing(argv: Sequence[str], result: CommandResult) -> str:
    """The program that the command could not start; "" where it started."""
    if not result.available:
        return argv[0]
    why = "" if result.ok else nothing_to_run(tuple(argv), result.exit_code, result.output_tail)
    return why.removesuffix(ABSENT) if why.endswith(ABSENT) else ""


def _of_the_stack(suite: SuiteReport) -> JSONObject:
    told = suite.to_json()
    return {field: told[field] for field in FIELDS}
