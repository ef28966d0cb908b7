"""How many of the changed lines the tests run: measured in the same run where the runner can (``reports.measuring``), else by
an extra run of the tests that prints LCOV records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.checks.line_hits import Hits, lcov, of_reports
from agent.matching import ends, opcodes
from agent.patterns import linear
from agent.ports import CommandResult, JSONObject, Sandbox
from agent.projects import ProjectPart, ProjectProfile

MAX_SECONDS = 120.0
"""Tests that took longer are not run a second time."""
MAX_MEASURED = 200.0
"""Seconds of a suite that is measured in its own run: one that then takes two and a half times as long still ends in time."""
MAX_BEYOND = 30.0
"""Seconds by which the extra run may take longer than the tests. With all that was run before it takes at most half of what the
run spends in the sandbox."""
MAX_FILES = 50
MAX_RANGES = 40

Lines = Mapping[str, Sequence[int]]


def changed_lines(old: str | None, new: str) -> list[int]:
    """The numbers, from 1, of the lines of ``new`` that are not as they were in ``old``."""
    before, after = (old or "").splitlines(), new.splitlines()
    head, tail = ends(before, after)
    codes = opcodes(before[head : len(before) - tail], after[head : len(after) - tail])
    return [head + at + 1 for tag, _, _, start, end in codes if tag != "equal" for at in range(start, end)]


TOOLS: dict[str, tuple[str, tuple[str, ...]]] = {
    "python": ("cover-pytest", (".py",)),
    "node": ("cover-node", (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".vue")),
    "go": ("", (".go",)),
}
"""By ecosystem: what runs the tests of the project once more and prints LCOV records, "" where nothing does; and the files
whose lines are measured."""
_NO_CODE = linear(r"\s*(?:|//.*|/\*.*|\*(?:[\s/].*)?|[\s{}()\[\];,]*)")
"""Lines of C-like languages on which nothing runs."""


def measurable(profile: ProjectProfile, changes: Mapping[str, tuple[str | None, str | None]]) -> dict[str, list[int]]:
    """The changed lines with something on them, by path, of the files whose coverage can be measured, tests excluded."""
    found: dict[str, list[int]] = {}
    for path, (old, new) in changes.items():
        part = profile.part_of(path)
        tool = _tool(part) if part else None
        if new is None or part is None or tool is None or not path.endswith(tool[1]) or part.is_test(path):
            continue
        text = new.splitlines()
        lines = [number for number in changed_lines(old, new) if _may_run(part, text[number - 1])]
        if lines:
            found[path] = lines
    return dict(list(found.items())[:MAX_FILES])


def _tool(part: ProjectPart) -> tuple[str, tuple[str, ...]] | None:
    """Of Python only pytest is measured, whose plugins and settings the tool knows."""
    return None if part.ecosystem == "python" and part.runner != "pytest" else TOOLS.get(part.ecosystem)


def _may_run(part: ProjectPart, line: str) -> bool:
    return bool(line.strip()) and (part.ecosystem == "python" or _NO_CODE.fullmatch(line[:1_000]) is None)


def relative(part: ProjectPart, lines: Lines) -> list[str]:
    """The paths of ``lines`` as the part's runner has them."""
    return [path.removeprefix(f"{part.directory}/") if part.directory else path for path in lines]


def of_run(part: ProjectPart, lines: Lines, result: CommandResult) -> JSONObject | None:
    """As ``measure``, of what a run of the tests that was measured too has reported; None where that is not all of it."""
    hits = of_reports(result.reports, relative(part, lines), part.directory)
    return None if hits is None else _counted(part, lines, hits)


async def measure(part: ProjectPart, lines: Lines, sandbox: Sandbox, *, took: float, spent: float) -> JSONObject:
    """``{percent, covered, lines, files: [{path, percent, uncovered}], reason}`` of the changed ``lines`` by path.

    ``percent`` is None where nothing could be measured or no changed line can be run; ``reason`` says so. ``uncovered`` holds
    ranges [first, last]. A file that no test loads is uncovered as a whole. ``took`` is how long the tests ran, in seconds, and
    ``spent`` how long all commands before this one did. Raises ``SandboxFailed``.
    """
    tool = _tool(part)
    if tool is None or not tool[0]:
        return _unknown(f"For {part.runner or part.language or 'this project'} the coverage is not measured.")
    if not lines:
        return _unknown("The change has no lines of code outside the tests.")
    if took > MAX_SECONDS:
        return _unknown(f"The tests take longer than {MAX_SECONDS:g} seconds, so they were not run a second time.")
    own = relative(part, lines)
    result = await sandbox.run((tool[0], *own), timeout=min(took + MAX_BEYOND, spent), directory=part.directory)
    hits = lcov(result.output_tail, own, part.directory)
    if hits and not result.output_tail.startswith("SF:"):
        return _unknown("The report on these files is too long.")
    if not hits:
        return _unknown(_why_not(part, result))
    return _counted(part, lines, hits)


def _counted(part: ProjectPart, lines: Lines, hits: Hits) -> JSONObject:
    """``hits`` are by paths relative to the part's directory."""
    known = {part.path(path): numbers for path, numbers in hits.items()}
    files = [_file(path, numbers, known.get(path)) for path, numbers in lines.items()]
    covered, counted = (sum(file[key] for file in files) for key in ("covered", "lines"))
    if not counted:
        return _unknown("None of the changed lines can be executed.")
    shown = [{key: file[key] for key in ("path", "percent", "uncovered")} for file in files if file["lines"]]
    return {"percent": _percent(covered, counted), "covered": covered, "lines": counted, "files": shown, "reason": ""}


def combined(measured: Sequence[JSONObject]) -> JSONObject | None:
    """The coverage of several parts as one; None where none was looked at."""
    known = [entry for entry in measured if entry["percent"] is not None]
    if not known:
        return measured[0] if measured else None
    covered, lines = (sum(entry[key] for entry in known) for key in ("covered", "lines"))
    files = [file for entry in known for file in entry["files"]]
    return {"percent": _percent(covered, lines), "covered": covered, "lines": lines, "files": files, "reason": ""}


def told(coverage: JSONObject) -> str:
    """In a sentence, for people and the reviewer."""
    if coverage["percent"] is None:
        return f"Coverage of the changed lines: not available. {coverage['reason']}"
    missed = [f"{file['path']}:{_ranges(file['uncovered'])}" for file in coverage["files"] if file["uncovered"]]
    said = f"The tests run {coverage['covered']} of {coverage['lines']} changed lines ({coverage['percent']:g} %)"
    return f"{said}; not {', '.join(missed)}." if missed else f"{said}."


def _unknown(reason: str) -> JSONObject:
    return {"percent": None, "covered": 0, "lines": 0, "files": [], "reason": reason}


def _why_not(part: ProjectPart, result: CommandResult) -> str:
    if not result.available or result.exit_code == 127:
        return f"No coverage tool for {part.runner or part.language} is available here."
    if result.timed_out:
        return "Measuring the coverage took too long."
    return "The coverage tool wrote no report."


def _file(path: str, changed: Sequence[int], hits: Mapping[int, int] | None) -> JSONObject:
    known = dict.fromkeys(changed, 0) if hits is None else hits
    numbers = [number for number in changed if number in known]
    missed = [number for number in numbers if not known[number]]
    covered = len(numbers) - len(missed)
    percent = _percent(covered, len(numbers)) if numbers else None
    return {"path": path, "percent": percent, "covered": covered, "lines": len(numbers), "uncovered": _spans(missed)}


def _percent(covered: int, counted: int) -> float:
    return round(100 * covered / counted, 1)


def _spans(numbers: Sequence[int]) -> list[list[int]]:
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return spans[:MAX_RANGES]


def _ranges(spans: Sequence[Sequence[int]]) -> str:
    return ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in spans)
