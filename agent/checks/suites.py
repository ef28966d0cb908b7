"""The tests of several parts of one repository as one report, in which each test keeps a name that is unique."""

from __future__ import annotations

from collections.abc import Sequence

from agent.checks.test_runner import not_run
from agent.ports import JSONObject
from agent.projects import ProjectPart

TAIL = 16_000
"""Characters of the output of each part, where there are several."""
NO_COMMAND = "No command that tests this project is known."


def merged(reports: Sequence[tuple[ProjectPart, JSONObject]]) -> JSONObject:
    """One report of ``reports``: failed where one failed, passed where one passed and none failed. ``parts`` has a line for
    each, with its own status and reason."""
    if not reports:
        return {**not_run("unavailable", NO_COMMAND), "command": "", "collection_errors": [], "parts": []}
    counts = {key: sum(report[key] for _, report in reports) for key in ("passed", "failed", "skipped", "seconds")}
    statuses = [report["status"] for _, report in reports]
    status = next((status for status in ("failed", "passed") if status in statuses), "unavailable")
    reasons = [
        (f"{part.place}: " if len(reports) > 1 else "") + report["reason"] for part, report in reports if report["reason"]
    ]
    return {
        "status": status,
        **counts,
        "failing": [named(part, name) for part, report in reports for name in report["failing"]],
        "collection_errors": [
            {**broken, "path": named(part, broken["path"])}
            for part, report in reports
            for broken in report["collection_errors"]
        ],
        "errors": sum(report["errors"] for _, report in reports),
        "output_tail": _tails(reports),
        "reason": " ".join(reasons),
        "command": "; ".join(_command(part) for part, _ in reports if part.test),
        "parts": [_line(part, report) for part, report in reports] if len(reports) > 1 else [],
    }


def named(part: ProjectPart, name: str) -> str:
    """A test's name as the report has it: below its part's directory."""
    return part.path(name)


def own_name(part: ProjectPart, name: str) -> str:
    """The name that the part's runner knows."""
    return name.removeprefix(f"{part.directory}/") if part.directory else name


def _command(part: ProjectPart) -> str:
    command = part.commands["test"].line
    return f"{command} (in {part.directory}/)" if part.directory else command


def _line(part: ProjectPart, report: JSONObject) -> JSONObject:
    line = {key: report[key] for key in ("status", "passed", "failed", "skipped", "reason")}
    return {"directory": part.directory, "command": part.commands["test"].line if part.test else "", **line}


def _tails(reports: Sequence[tuple[ProjectPart, JSONObject]]) -> str:
    if len(reports) == 1:
        return str(reports[0][1]["output_tail"])
    return "\n".join(f"== {part.place}\n{report['output_tail'][-TAIL:]}" for part, report in reports)
