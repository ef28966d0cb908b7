"""Runs a stack's tests in the sandbox and says what they proved, in the data of ``tests_finished``."""

from __future__ import annotations

import re

from agent.ports import JSON, CommandResult, Sandbox
from agent.stacks import Stack

TIMEOUT = 600.0
NO_TESTS = 5
"""pytest's exit code when it collected nothing (pytest.ExitCode.NO_TESTS_COLLECTED)."""

_CLOSING = re.compile(r"^(?:=+ )?((?:\d+ \w+, )*\d+ \w+|no tests ran) in [\d.]+s(?: \([\d:]+\))?(?: =+)?$", re.MULTILINE)
_COUNT = re.compile(r"(\d+) (\w+)")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


async def run_tests(stack: Stack, sandbox: Sandbox, *, timeout: float = TIMEOUT) -> JSON:
    """``{status, passed, failed, skipped, baseline, output_tail}``; ``status`` is passed, failed or unavailable.

    Errors in collection or set-up count as failed. What can't be proved (the tool is absent, there are no tests, the runner
    ended without its closing line) is ``unavailable``, and ``output_tail`` says why. Raises ``SandboxFailed``.
    """
    if not stack.test:
        return _report("unavailable", f"{stack.title} has no test command.")
    result = await sandbox.run(stack.test, timeout=timeout)
    if not result.available:
        return _report("unavailable", f"{stack.test[0]} is not available here.")
    if result.timed_out:
        return _report("failed", f"{result.output_tail}\nThe tests did not end within {timeout:g} seconds.", failed=1)
    return _pytest(result) if "pytest" in stack.test else _by_exit_code(result)


def _by_exit_code(result: CommandResult) -> JSON:
    return _report("passed", result.output_tail) if result.ok else _report("failed", result.output_tail, failed=1)


def _pytest(result: CommandResult) -> JSON:
    tail = _ANSI.sub("", result.output_tail)
    if re.search(r"No module named '?pytest", tail) and result.exit_code == 1:
        return _report("unavailable", "pytest is not available here.")
    if result.exit_code == NO_TESTS:
        return _report("unavailable", f"{tail.strip()}\nThere are no tests.")
    closing = list(_CLOSING.finditer(tail))
    counts: dict[str, int] = {}
    for number, word in _COUNT.findall(closing[-1][1]) if closing else ():
        counts[word.rstrip("s") if word != "passed" else word] = int(number)
    passed = counts.get("passed", 0) + counts.get("xpassed", 0)
    failed = counts.get("failed", 0) + counts.get("error", 0)
    skipped = counts.get("skipped", 0) + counts.get("xfailed", 0)
    if not result.ok:
        return _report("failed", tail, passed, failed or 1, skipped)
    if not closing:
        return _report("unavailable", f"{tail.strip()}\npytest ended without its closing line, so nothing is proved.")
    if not passed:
        return _report("unavailable", f"{tail.strip()}\nNo test was really run.", skipped=skipped)
    return _report("passed", tail, passed, 0, skipped)


def _report(status: str, tail: str, passed: int = 0, failed: int = 0, skipped: int = 0) -> JSON:
    counts = {"passed": passed, "failed": failed, "skipped": skipped}
    return {"status": status, **counts, "baseline": None, "output_tail": tail}
