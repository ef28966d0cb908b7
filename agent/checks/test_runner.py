"""Runs a stack's tests in the sandbox and says what they proved, in the data of ``tests_finished``."""

from __future__ import annotations

from collections.abc import Sequence

from agent.checks import failing_tests
from agent.patterns import linear
from agent.ports import CommandResult, JSONObject, Sandbox
from agent.stacks import Stack

TIMEOUT = 600.0
NO_TESTS = 5
"""pytest's exit code when it collected nothing (pytest.ExitCode.NO_TESTS_COLLECTED)."""
NONE = "There are no tests."
ONLY_SKIPPED = "Every test was skipped."

_CLOSING = linear(r"(?m)^(?:=+ )?((?:\d+ \w+, )*\d+ \w+|no tests ran) in [\d.]+s(?: \([\d:]+\))?(?: =+)?$")
_COUNT = linear(r"(\d+) (\w+)")
_TESTS_LINE = linear(r"(?m)^ *Tests:? +((?:\d+ \w+(?:,| \|)? *)+)(?:\(\d+(?: assertions)?\))? *$")
_DOTNET_LINE = linear(r"(?m)^(?:Passed|Failed|Skipped)! +- +((?:\w+: +\d+, )+)")
_NONE = linear(r"No test files found|No tests found|Error: no test specified")
_NOT_FOUND = linear(r"(?m)^sh: (?:\d+: )?(?:exec: )?(\S+): (?:not found|command not found)")
_NO_PLUGIN = linear(r"(?m)is not a docker command|unknown command: docker \w+|^unknown (?:shorthand )?flag: ")
_NAMED = linear(r"(\w+): +(\d+)")
_NO_PYTEST = linear(r"No module named '?pytest")
_ANSI = linear(r"\x1b\[[0-9;]*m")


async def run_tests(stack: Stack, sandbox: Sandbox, *, timeout: float = TIMEOUT) -> JSONObject:
    """``{status, passed, failed, skipped, failing, seconds, output_tail,
    reason}``; ``status`` is passed, failed or unavailable.

    The first command of the stack whose tool is there counts. Errors in collection or set-up count as failed. What can't be
    proved (no tool is there, there are no tests, the runner ended without its closing line) is ``unavailable``, and
    ``reason`` says why in a sentence. ``failing`` names the tests that failed, as far as the runner does; ``seconds`` is how
    long it ran. Raises ``SandboxFailed``.
    """
    if not stack.tests:
        return not_run("unavailable", f"{stack.title} has no test command.")
    absent = []
    for argv in stack.tests:
        result = await sandbox.run(argv, timeout=timeout)
        missing = _missing_tool(argv, result)
        if missing is None:
            return {**_outcome(argv, result, timeout), "seconds": result.duration_ms / 1000}
        absent.append(missing)
    names = list(dict.fromkeys(absent))
    return not_run("unavailable", f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'} not available here.")


def not_run(status: str, reason: str, output: str = "") -> JSONObject:
    """A report of tests that were not run."""
    return _report(status, output or reason, reason=reason)


def _missing_tool(argv: Sequence[str], result: CommandResult) -> str | None:
    """The tool that the command could not start, in its own words or in those of a shell or of docker."""
    if not result.available:
        return argv[0]
    if result.ok:
        return None
    if argv[0] == "docker" and _NO_PLUGIN.search(result.output_tail):
        return "docker compose"
    hit = _NOT_FOUND.search(result.output_tail) if result.exit_code == 127 else None
    return hit[1] if hit else None


def _outcome(argv: Sequence[str], result: CommandResult, timeout: float) -> JSONObject:
    if result.timed_out:
        why = f"The tests did not end within {timeout:g} seconds."
        return _report("failed", f"{result.output_tail}\n{why}", failed=1, reason=why)
    return _pytest(result) if "pytest" in argv else _other(result)


def _other(result: CommandResult) -> JSONObject:
    """vitest, jest and artisan count in a line of their own; whoever does not count has its exit code."""
    tail = _ANSI.sub("", result.output_tail)
    if not result.ok and _NONE.search(tail):
        return _report("unavailable", tail.strip(), reason=NONE)
    lines = [hit[1] for pattern in (_TESTS_LINE, _DOTNET_LINE) for hit in pattern.finditer(tail)]
    counts: dict[str, int] = {}
    for line in lines:
        for number, word in _COUNT.findall(_NAMED.sub(r"\2 \1", line).lower()):
            counts[word] = counts.get(word, 0) + int(number)
    passed, failed = counts.get("passed", 0), counts.get("failed", 0)
    skipped = counts.get("skipped", 0) + counts.get("todo", 0)
    if not result.ok:
        return _report("failed", tail, passed, failed or 1, skipped, failing=failing_tests.of_others(tail))
    if lines and not passed:
        return _report("unavailable", tail.strip(), skipped=skipped, reason=ONLY_SKIPPED)
    return _report("passed", tail, passed, 0, skipped)


def _pytest(result: CommandResult) -> JSONObject:
    tail = _ANSI.sub("", result.output_tail)
    if _NO_PYTEST.search(tail) and result.exit_code == 1:
        return not_run("unavailable", "pytest is not available here.")
    if result.exit_code == NO_TESTS:
        return _report("unavailable", tail.strip(), reason=NONE)
    closing = list(_CLOSING.finditer(tail))
    counts: dict[str, int] = {}
    for number, word in _COUNT.findall(closing[-1][1]) if closing else ():
        counts[word.rstrip("s") if word != "passed" else word] = int(number)
    passed = counts.get("passed", 0) + counts.get("xpassed", 0)
    failed = counts.get("failed", 0) + counts.get("error", 0)
    skipped = counts.get("skipped", 0) + counts.get("xfailed", 0)
    if not result.ok:
        return _report("failed", tail, passed, failed or 1, skipped, failing=failing_tests.of_pytest(tail))
    if not closing:
        return _report("unavailable", tail.strip(), reason="pytest ended without its closing line, so nothing is proved.")
    if not passed:
        return _report("unavailable", tail.strip(), skipped=skipped, reason=ONLY_SKIPPED)
    return _report("passed", tail, passed, 0, skipped)


def _report(
    status: str,
    tail: str,
    passed: int = 0,
    failed: int = 0,
    skipped: int = 0,
    *,
    failing: Sequence[str] = (),
    reason: str = "",
) -> JSONObject:
    counts = {"passed": passed, "failed": failed, "skipped": skipped}
    return {"status": status, **counts, "failing": list(failing), "seconds": 0.0, "output_tail": tail, "reason": reason}
