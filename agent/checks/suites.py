"""Runs the tests of the parts of a repository, and makes one report of them, in which each test has a name of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from agent.checks import coverage
from agent.checks.commands import Commands
from agent.checks.reports import SuiteReport, Tally, how_to_measure, how_to_report, read
from agent.checks.reports.model import MAX_BROKEN, bounded
from agent.checks.reports.plain import plain
from agent.checks.reports.reasons import ABSENT, nothing_to_run
from agent.checks.reports.reporting import refused
from agent.ports import CommandResult, JSONObject
from agent.projects import ProjectPart
from agent.projects.shown import shown

CHECK = "check"
TIMEOUT = 600.0
TAIL = 16_000
"""Characters of the output of each part, where there are several."""
MAX_TAILS = 8
MAX_REASON = 2_000
"""Characters of the reasons of all parts."""
NO_COMMAND = "No command that tests this project is known."


class _How(TypedDict):
    timeout: float
    directory: str
    environment: Mapping[str, str]
    reports: Sequence[str]


async def run_suite(
    part: ProjectPart,
    commands: Commands,
    *,
    timeout: float = TIMEOUT,
    argv: Sequence[str] | None = None,
    lines: coverage.Lines | None = None,
) -> JSONObject:
    """The report of the part's test command, or of ``argv`` in its stead: that of the first whose program is here. Names in
    ``failing`` are those of the part's runner. Raises ``SandboxFailed``.

    The runner is asked for a report; one that refuses what was added for that is run again as the project has it. Where it can
    measure in the same run which of the changed ``lines`` (by path) it runs, the report has ``measured``, and the ``coverage``
    or None; where nothing passes then, it is run again without that.
    """
    absent = []
    for command in [tuple(argv)] if argv is not None else [part.test, *part.other_tests]:
        result, report = await _run(part, command, commands, timeout, lines or {})
        missing = _missing_program(command, result)
        if not missing:
            return report
        absent.append(missing)
    names = list(dict.fromkeys(absent))
    return not_run("unavailable", f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'} not available here.")


async def _run(
    part: ProjectPart, argv: tuple[str, ...], commands: Commands, timeout: float, lines: coverage.Lines
) -> tuple[CommandResult, JSONObject]:
    line = part.commands["test"].line if argv == part.test else " ".join(argv)

    def understood(result: CommandResult) -> JSONObject:
        if part.runner == CHECK and result.available and not result.timed_out:
            report = _of_check(result, line)
        else:
            report = read(part.runner, result, result.reports, directory=part.directory, command=line, timeout=timeout)
        return {**report.to_json(), "refused": refused(plain(result.output_tail), result.exit_code)}

    def understood_and_measured(result: CommandResult) -> JSONObject:
        return {**understood(result), "measured": True, "coverage": coverage.of_run(part, lines, result)}

    asked = how_to_report(part.runner, argv)
    how: _How = {"timeout": timeout, "directory": part.directory, "environment": asked.environment, "reports": asked.globs}
    measured = how_to_measure(part.runner, asked, coverage.relative(part, lines))
    if measured is not None:
        result, report = await commands.run_and_read(asked.argv, understood_and_measured, **how, measured=measured)
    if measured is None or report["status"] == "unavailable" or not report["passed"]:
        result, report = await commands.run_and_read(asked.argv, understood, **how)
    if asked.added and report["refused"]:
        result, report = await commands.run_and_read(argv, understood, timeout=timeout, directory=part.directory)
    return result, {key: value for key, value in report.items() if key != "refused"}


def _of_check(result: CommandResult, line: str) -> SuiteReport:
    counted = Tally(passed=int(result.ok), failed=int(not result.ok))
    status: Literal["passed", "failed"] = "passed" if result.ok else "failed"
    return SuiteReport(status, counted, "", result.output_tail, line, result.duration_ms / 1000)


def _missing_program(argv: Sequence[str], result: CommandResult) -> str:
    """The program that could not be started, in the sandbox's own words, a shell's or docker's; "" where it was."""
    if not result.available:
        return argv[0]
    reason = nothing_to_run(tuple(argv), result.exit_code, plain(result.output_tail)) if not result.ok else ""
    return reason.removesuffix(ABSENT) if reason.endswith(ABSENT) else ""


def not_run(status: Literal["failed", "unavailable"], reason: str, output: str = "") -> JSONObject:
    """A report of tests that were not run."""
    return SuiteReport(status, Tally(source=""), reason, output or reason).to_json()


def merged(reports: Sequence[tuple[ProjectPart, JSONObject]]) -> JSONObject:
    """One report of ``reports``: failed where one failed, passed where one passed and none failed. ``parts`` has a line for
    each, with its own status and reason."""
    counts = {key: sum(report[key] for _, report in reports) for key in ("passed", "failed", "skipped", "seconds")}
    statuses = [report["status"] for _, report in reports]
    status = next((status for status in ("failed", "passed") if status in statuses), "unavailable")
    reasons = [] if reports else [NO_COMMAND]
    reasons += [
        (f"{part.place}: " if len(reports) > 1 else "") + report["reason"] for part, report in reports if report["reason"]
    ]
    return {
        "status": status,
        **counts,
        "failing": bounded(named(part, name) for part, report in reports for name in report["failing"]),
        "collection_errors": [
            {**broken, "path": named(part, broken["path"])}
            for part, report in reports
            for broken in report["collection_errors"]
        ][:MAX_BROKEN],
        "errors": sum(report["errors"] for _, report in reports),
        "counted": any(report["counted"] for _, report in reports),
        "source": _source([report["source"] for _, report in reports if report["source"]]),
        "output_tail": _tails(reports),
        "reason": shown(" ".join(reasons), MAX_REASON),
        "command": shown("; ".join(_command(part) for part, _ in reports if part.test), MAX_REASON),
        "parts": [line_of(part, report) for part, report in reports] if len(reports) > 1 else [],
    }


def _source(sources: Sequence[str]) -> str:
    """Where all names come from: names of different sources can't be compared."""
    return sources[0] if len(set(sources)) == 1 else "mixed" if sources else ""


def named(part: ProjectPart, name: str) -> str:
    """A test's name as the report has it: below its part's directory."""
    return part.path(name)


def _command(part: ProjectPart) -> str:
    command = part.commands["test"].line
    return f"{command} (in {part.directory}/)" if part.directory else command


def has_run(report: JSONObject | None) -> bool:
    """Whether tests of it passed or failed: one that only skipped them, or counted none, has not run."""
    return report is not None and report["status"] != "unavailable" and report["passed"] + report["failed"] > 0


def line_of(part: ProjectPart, report: JSONObject) -> JSONObject:
    """How the tests of one part went: an entry of ``parts``."""
    line = {key: report[key] for key in ("status", "passed", "failed", "skipped", "reason")}
    return {"directory": part.directory, "command": part.commands["test"].line if part.test else "", **line}


def _tails(reports: Sequence[tuple[ProjectPart, JSONObject]]) -> str:
    if len(reports) <= 1:
        return NO_COMMAND if not reports else str(reports[0][1]["output_tail"])
    told = [f"== {part.place}\n{report['output_tail'][-TAIL:]}" for part, report in reports[:MAX_TAILS]]
    return "\n".join([*told, f"== and {len(reports) - MAX_TAILS} more parts"] if len(reports) > MAX_TAILS else told)
