"""Puts together what a command's reports and closing lines count: one runner's, or those of several that a script starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from agent.checks.reports import closing_lines, javascript, junit, node_events, output_names, pytest_report, unittest_output
from agent.checks.reports.commands import is_check, is_direct
from agent.checks.reports.model import CollectionError, Tally
from agent.patterns import linear
from agent.ports import CommandResult

_ECHOED = linear(r"(?m)^[>$] (.+)$")
"""A script's line, as npm, pnpm and yarn print it before they run it."""
_WORD = linear(r"[\w-]+")
_COMPILING = linear(r"COMPILATION ERROR|(?m)^> Task :\S*compile\S* FAILED|Execution failed for task '[^'\n]*compile")


def count(runner: str, result: CommandResult, output: str, reports: Mapping[str, str], root: str) -> Tally:
    """What the command counted; nothing where neither a report nor a line of the output counts anything."""
    if runner == "" and is_check(result.argv):
        return Tally(passed=int(result.ok), failed=int(not result.ok), source="")
    one = is_direct(runner, result.argv)
    whole = Tally(source="")
    for name in _runners(runner, result.argv, output, reports, one=one):
        tally = _count(name, output, reports, root, one=one)
        if tally is not None:
            _together(whole, tally)
    if runner == "" and not whole.counted:
        for reader in closing_lines.ANY:
            tally = reader(output)
            if tally is not None:
                _together(whole, _named("", tally, output))
    return whole


def _together(whole: Tally, tally: Tally) -> None:
    if whole.source == "":
        whole.source = tally.source
    whole.add(tally)


def _runners(runner: str, argv: Sequence[str], output: str, reports: Mapping[str, str], *, one: bool) -> Iterator[str]:
    """The runner itself, and where it is started by a script also those that left a report or that the script names."""
    if runner:
        yield runner
    if one:
        return
    lines = [*argv, *(hit[1] for hit in _ECHOED.finditer(output))]
    said = set(_WORD.findall(" ".join(lines)))
    known = {"pytest", "unittest", "vitest", "jest", "mocha", "ava", "tap", "node", "go", "cargo", "phpunit", "rspec"}
    left = {name for name in known if _reports_of(name, reports)}
    for name in sorted(known - {runner}):
        if name in left or (name in said and not (name == "node" and "--test" not in " ".join(lines))):
            yield name


def _reports_of(runner: str, reports: Mapping[str, str]) -> list[str]:
    """The texts of the report files that are of ``runner``."""
    start = {"node": node_events.REPORT, "pytest": pytest_report.REPORT}.get(runner, f"/reports/{runner}")
    return [text for path, text in sorted(reports.items()) if path.startswith(start)]


def _count(runner: str, output: str, reports: Mapping[str, str], root: str, *, one: bool) -> Tally | None:
    if runner == "pytest":
        return pytest_report.read(output, reports, one=one)
    if runner in ("unittest", "django"):
        return unittest_output.read(output, one=one)
    by_report = _of_report(runner, output, reports, root)
    by_lines = _of_lines(runner, output)
    if by_report is None or not (by_report.counted or by_report.broken):
        return by_lines
    if by_lines is not None and (by_lines.failed > by_report.failed or not by_report.complete):
        return by_lines
    return by_report


def _of_report(runner: str, output: str, reports: Mapping[str, str], root: str) -> Tally | None:
    texts = _reports_of(runner, reports)
    if runner in ("vitest", "jest", "mocha"):
        return javascript.read(texts, root)
    if runner == "node":
        return node_events.read("\n".join(texts), root)
    if runner in ("maven", "gradle"):
        # those of an earlier run stay where they are when nothing could be compiled
        stale = _COMPILING.search(output) is not None
        return None if stale else junit.tally(text for _, text in sorted(reports.items()))
    return junit.tally(iter(texts)) if texts else None


def _of_lines(runner: str, output: str) -> Tally | None:
    for reader in closing_lines.READERS.get(runner, ()):
        tally = reader(output)
        if tally is not None:
            return _named(runner, tally, output)
    return None


def _named(runner: str, tally: Tally, output: str) -> Tally:
    """With the names that the output gives. jest and vitest count no test for a file that can't be loaded, and name it."""
    if tally.failing:
        return tally
    found = list(output_names.of(runner, output))
    files = [name for name in found if " > " not in name] if runner in ("jest", "vitest") else []
    if files:
        tally.failed = max(tally.failed, len(found))
        tally.errors = len(files)
        tally.broken = [CollectionError(name, "") for name in files]
    if tally.failed:
        tally.failing = found
    return tally
