"""Reads how a test command ended: what its runner counted, and what that proves.

`passed` needs an exit code of 0 and at least one test that passed, and nothing that was counted as failed. `unavailable` says
that no test could run, for a reason that the report names. All else is `failed`.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from agent.checks.reports import go_events, pytest_report, reasons
from agent.checks.reports.counting import count
from agent.checks.reports.model import CollectionError, Status, SuiteReport, Tally
from agent.checks.reports.plain import plain
from agent.ports import CommandResult
from agent.sandbox.bubblewrap import WORKDIR

NO_TESTS = 5
"""pytest's exit code when it collected nothing (pytest.ExitCode.NO_TESTS_COLLECTED); unittest's since Python 3.12."""
USAGE = 4
"""pytest.ExitCode.USAGE_ERROR: its options or a conftest.py stopped it before it collected."""
MAX_READ = 1_000_000
"""Characters at the end of an output; the sandbox keeps far fewer."""
MAX_OUTPUT = 64 * 1024
"""Characters of what Go printed into its report, as much as the sandbox keeps of any output."""
SHOWN = 3
"""Modules that could not be loaded, in one sentence."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


def read(
    runner: str,
    result: CommandResult,
    reports: Mapping[str, str] = _NOTHING,
    *,
    directory: str = "",
    command: str = "",
    timeout: float | None = None,
) -> SuiteReport:
    """``runner`` as ``ProjectPart`` has it; "" where it is not known, and then every closing line that is known counts.

    ``reports`` are the texts of report files by path, ``directory`` is the part's, in which the command ran, and ``command`` is
    how people write it. ``timeout`` is in seconds.
    """
    output = plain(result.output_tail[-MAX_READ:])
    if go_events.REPORT in reports:
        output = f"{output}{go_events.output(reports[go_events.REPORT])[-MAX_OUTPUT:]}"
    command = command or shlex.join(result.argv)
    root = f"{WORKDIR}/{directory}" if directory else WORKDIR
    counted = count(runner, result, output, reports, root) if result.available else Tally(source="")
    if directory:
        counted.failing = [name.removeprefix(f"{directory}/") for name in counted.failing]
    status, reason = _judged(runner, result, output, counted, timeout, root)
    if status != "failed" or result.timed_out:
        output = output.strip() or reason
    if result.timed_out:
        output = f"{output}\n{reason}"
    return SuiteReport(status, counted, reason, output, command, result.duration_ms / 1000)


def _judged(
    runner: str, result: CommandResult, output: str, counted: Tally, timeout: float | None, root: str
) -> tuple[Status, str]:
    """Status and reason."""
    name = result.argv[0].rpartition("/")[2] if result.argv else runner
    if not result.available:
        return "unavailable", f"{name}{reasons.ABSENT}"
    if result.timed_out:
        seconds = timeout if timeout is not None else result.duration_ms / 1000
        return "failed", f"The tests did not end within {seconds:g} seconds."
    if not counted.counted:
        return _uncounted(name, runner, result, output, counted, root)
    if counted.only_broken:
        return "unavailable", _loading(counted)
    if not result.ok and not counted.failed:
        last = reasons.last_error(output)
        reason = f"{counted.passed} passed and none failed, but the command ended with exit code {result.exit_code}"
        return "failed", f"{reason}{f': {last}' if last else ''}".rstrip(".:") + "."
    if counted.failed:
        parts = [_loading(counted)] if counted.broken else []
        if result.ok:
            parts.append(f"{counted.failed} failed, although the command ended with exit code 0.")
        parts.append(reasons.needed_service(output))
        return "failed", " ".join(part for part in parts if part)
    if not counted.passed:
        return "unavailable", reasons.ONLY_SKIPPED
    return "passed", ""


def _uncounted(name: str, runner: str, result: CommandResult, output: str, counted: Tally, root: str) -> tuple[Status, str]:
    if result.exit_code == NO_TESTS and runner in ("pytest", "unittest", "django", ""):
        return "unavailable", reasons.NONE
    why = reasons.nothing_to_run(tuple(result.argv), result.exit_code, output)
    if result.ok:
        ended = f"{runner or name} ended without a line that counts its tests, so nothing is proved."
        return "unavailable", why or (reasons.NONE if counted.source else ended)
    if (broken := pytest_report.unloadable_conftest(output)) is not None:
        path = broken.path.removeprefix(f"{root}/")
        counted.broken.append(CollectionError(path, broken.error))
        counted.failing.append(path)
        return "unavailable", _loading(counted)
    if not why and result.exit_code == USAGE and runner in ("pytest", ""):
        why = reasons.usage_error(output)
    if why:
        return "unavailable", why
    return "failed", reasons.ended_early(shlex.join(result.argv), result.exit_code, output)


def _loading(counted: Tally) -> str:
    broken: Sequence[str] = [error.line for error in counted.broken]
    more = len(broken) - SHOWN
    what = "1 module could not be loaded" if len(broken) == 1 else f"{len(broken)} modules could not be loaded"
    beside = "" if counted.passed or counted.failed > len(broken) else ", and no test ran"
    return f"{what}{beside}: {'; '.join(broken[:SHOWN])}{f' and {more} more' if more > 0 else ''}".rstrip(".:") + "."
