"""What runners that are met less often print at their end: their counts. As in ``closing_lines``, None where the line is not
there. The formats are those that the runners' own printers write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent.checks.reports.model import Tally
from agent.checks.reports.tap import points
from agent.patterns import linear

_COUNTED = linear(r"(\d+) ([a-z]+)")
_MESON = linear(r"(?m)^(Ok|Expected Fail|Fail|Unexpected Pass|Skipped|Ignored|Timeout): +(\d+) *$")
_MESON_FAILED = linear(r"(?m)^ *\d+/\d+ (\S.*?) +(?:FAIL|TIMEOUT|ERROR|INTERRUPT|UNEXPECTEDPASS) +[\d.]+s")
_PHPSPEC = linear(r"(?m)^\d+ specs?\s*\n(\d+) examples? (?:\(([^)\n]*)\))?$")
_BEHAT = linear(r"(?m)^(\d+) scenarios? \(([^)\n]*)\)\s*\n\d+ steps?\b")
_BEHAT_FAILED = linear(r"(?m)^ {4}(?:Scenario: .+? +# )?(features/\S+\.feature:\d+)$")
_NETTE = linear(
    r"(?m)^(?:OK|FAILURES!) \((\d+) tests?,(?: (\d+) failures?,)?(?: (\d+) skipped,)?(?: (\d+) not run,)? [\d.]+ seconds\)"
)
_NETTE_FAILED = linear(r"(?m)^-- FAILED: (\S.*)$")
_LAB = linear(r"(?m)^(?:(\d+) of )?(\d+) tests? (complete|failed)(?: \((\d+) skipped\))? *$")
_LAB_FAILED = linear(r"(?m)^ +\d+\) (\S.*):$")
_JAPA = linear(r"(?m)^ *Tests +((?:\d+ [a-z]+(?:, )?)+) \(\d+\) *$")
_JAPA_FAILED = linear(r"(?m)^  ❯ (\S.*)$")
_WEB = linear(r"(?m)^(\S.*?): +\|.*\| \d+/\d+ test files \| (\d+) passed, (\d+) failed(?:, (\d+) skipped)? *$")
_CYPRESS = linear(
    r"(?m)^ *│ Tests: +\d+ *│ *\n *│ Passing: +(\d+) *│ *\n *│ Failing: +(\d+) *│ *\n"
    r" *│ Pending: +(\d+) *│ *\n *│ Skipped: +(\d+)"
)


def meson(output: str) -> Tally | None:
    words = {"Ok": "passed", "Expected Fail": "skipped", "Skipped": "skipped", "Ignored": "skipped"}
    found = [(hit[2], words.get(hit[1], "failed")) for hit in _MESON.finditer(output)]
    tally = _summed(found)
    if tally is not None and tally.failed:
        tally.failing = list(dict.fromkeys(hit[1] for hit in _MESON_FAILED.finditer(output)))
    return tally


def phpspec(output: str) -> Tally | None:
    """Pending and skipped examples have run nothing; a broken one ended in an error."""
    words = {"passed": "passed", "failed": "failed", "broken": "failed", "pending": "skipped", "skipped": "skipped"}
    return _summed(pair for hit in _PHPSPEC.finditer(output) for pair in _by_word(hit[2] or "", words))


def behat(output: str) -> Tally | None:
    """Its scenarios. One with steps that nobody has written is not a failure unless it is asked to be strict, and then the exit
    code says so."""
    words = {"passed": "passed", "failed": "failed", "undefined": "skipped", "pending": "skipped", "skipped": "skipped"}
    tally = _summed(pair for hit in _BEHAT.finditer(output) for pair in _by_word(hit[2], words))
    if tally is not None and tally.failed:
        tally.failing = list(dict.fromkeys(hit[1] for hit in _BEHAT_FAILED.finditer(output)))
    return tally


def nette(output: str) -> Tally | None:
    found = list(_NETTE.finditer(output))
    if not found:
        return None
    total, failed, skipped, left = (_number(found[-1][group]) for group in (1, 2, 3, 4))
    names = [hit[1] for hit in _NETTE_FAILED.finditer(output)]
    return Tally(max(0, total - failed - skipped - left), failed, skipped, failing=names)


def lab(output: str) -> Tally | None:
    """ "1 of 3 tests failed (1 skipped)": those that were skipped are not among the three."""
    found = list(_LAB.finditer(output))
    if not found:
        return None
    failed = _number(found[-1][1]) if found[-1][3] == "failed" else 0
    passed = _number(found[-1][2]) - failed
    names = [hit[1] for hit in _LAB_FAILED.finditer(output)] if failed else []
    return Tally(max(0, passed), failed, _number(found[-1][4]), failing=names)


def japa(output: str) -> Tally | None:
    """A regression is a test that is known to fail."""
    words = {"passed": "passed", "failed": "failed", "todo": "skipped", "skipped": "skipped", "regression": "skipped"}
    tally = _summed(pair for hit in _JAPA.finditer(output) for pair in _by_word(hit[1], words))
    if tally is not None and tally.failed:
        tally.failing = list(dict.fromkeys(hit[1] for hit in _JAPA_FAILED.finditer(output)))
    return tally


def web_test_runner(output: str) -> Tally | None:
    """Each browser's line is printed again while it runs: the last of each counts."""
    last = {hit[1]: hit for hit in _WEB.finditer(output)}
    if not last:
        return None
    passed, failed, skipped = (sum(_number(hit[group]) for hit in last.values()) for group in (2, 3, 4))
    return Tally(passed, failed, skipped)


def cypress(output: str) -> Tally | None:
    """A table for each spec. Its failing hooks skip the tests behind them, which have not run."""
    fields = ("passed", "failed", "skipped", "skipped")
    return _summed((hit[at], field) for hit in _CYPRESS.finditer(output) for at, field in enumerate(fields, 1))


def zora(output: str) -> Tally | None:
    """TAP whose comments are the tests' titles and whose points are assertions."""
    found = list(points(output, titled=True))
    counts = {outcome: sum(point.outcome == outcome for point in found) for outcome in ("passed", "failed", "skipped")}
    failing = [point.name for point in found if point.outcome == "failed"]
    return Tally(counts["passed"], counts["failed"], counts["skipped"], failing=failing) if found else None


def _by_word(line: str, words: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(number, words[word]) for number, word in _COUNTED.findall(line) if word in words]


def _summed(pairs: Iterable[tuple[str, str]]) -> Tally | None:
    tally, found = Tally(), False
    for number, field in pairs:
        found = True
        setattr(tally, field, getattr(tally, field) + _number(number))
    return tally if found else None


def _number(text: str | None) -> int:
    return int((text or "0")[:9])
