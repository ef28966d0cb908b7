"""How many tests passed, failed and were skipped, read from what a project's own command wrote.

It shares no code with the product on purpose: what it is compared with must not have its faults.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Outcomes:
    """Errors in set-up count as failed, expected failures as skipped."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Outcomes) -> Outcomes:
        return Outcomes(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def outcomes(reading: str, output: str, reports: Path) -> Outcomes:
    """By the reader called ``reading``, one of ``READINGS``; ``reports`` is where the command was asked to write JUnit XML."""
    if reading == "junit":
        return sum((_junit(path) for path in sorted(reports.glob("*.xml"))), Outcomes())
    return READINGS[reading](_ANSI.sub("", output))


def _junit(path: Path) -> Outcomes:
    found = Outcomes()
    for case in ET.parse(path).getroot().iter("testcase"):
        failed = case.find("failure") is not None or case.find("error") is not None
        skipped = not failed and (case.find("skipped") is not None or case.get("status") == "disabled")
        found += Outcomes(int(not failed and not skipped), int(failed), int(skipped))
    return found


def _unittest(output: str) -> Outcomes:
    """ "Ran 5 tests in 0.1s", "FAILED (failures=1, errors=1, skipped=2)"; a test with failing subtests failed once for each."""
    found = Outcomes()
    for ran in re.finditer(r"^Ran (\d+) tests? in .*\n\n(.*)$", output, re.MULTILINE):
        counts = {name.strip(): int(number) for name, number in re.findall(r"([a-z ]+)=(\d+)", ran[2])}
        failed = sum(counts.get(name, 0) for name in ("failures", "errors", "unexpected successes"))
        skipped = counts.get("skipped", 0) + counts.get("expected failures", 0)
        found += Outcomes(max(int(ran[1]) - failed - skipped, 0), failed, skipped)
    return found


def _summed(passed: str, failed: str, skipped: str) -> Callable[[str], Outcomes]:
    """Each pattern has one number; all its places are added, as a command may run several packages."""

    def read(output: str) -> Outcomes:
        counted = (sum(int(hit) for hit in re.findall(pattern, output, re.MULTILINE)) for pattern in (passed, failed, skipped))
        return Outcomes(*counted)

    return read


def _lines(start: str) -> Callable[[str], Outcomes]:
    """jest's "Tests: 1 failed, 2 passed, 3 total" and vitest's "Tests  1 failed | 2 passed (3)"."""

    def read(output: str) -> Outcomes:
        found = Outcomes()
        for line in re.findall(rf"{start}(.*)$", output, re.MULTILINE):
            counts = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", line)}
            found += Outcomes(
                counts.get("passed", 0), counts.get("failed", 0), counts.get("skipped", 0) + counts.get("todo", 0)
            )
        return found

    return read


def _go(output: str) -> Outcomes:
    """``go test -v``: the tests that are not part of another one, whose lines are indented."""
    found = (len(re.findall(rf"^--- {word}: ", output, re.MULTILINE)) for word in ("PASS", "FAIL", "SKIP"))
    return Outcomes(*found)


def _maven(output: str) -> Outcomes:
    """The closing line of each module: "Tests run: 5, Failures: 1, Errors: 0, Skipped: 1". Those of classes go on."""
    found = Outcomes()
    for hit in re.findall(r"Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)$", output, re.MULTILINE):
        ran, failures, errors, skipped = map(int, hit)
        found += Outcomes(ran - failures - errors - skipped, failures + errors, skipped)
    return found


READINGS: Mapping[str, Callable[[str], Outcomes]] = {
    "unittest": _unittest,
    "node": _summed(r"^(?:#|ℹ) pass (\d+)", r"^(?:#|ℹ) fail (\d+)", r"^(?:#|ℹ) (?:skipped|todo) (\d+)"),
    "tape": _summed(r"^# pass +(\d+)", r"^# fail +(\d+)", r"^# skip +(\d+)"),
    "mocha": _summed(r"^ *(\d+) passing", r"^ *(\d+) failing", r"^ *(\d+) pending"),
    "jest": _lines(r"^Tests: +"),
    "vitest": _lines(r"^(?:.* test: )? *Tests +"),
    "cargo": _summed(r"^test result: .*?(\d+) passed", r"^test result: .*?(\d+) failed", r"^test result: .*?(\d+) ignored"),
    "go": _go,
    "maven": _maven,
    "none": lambda output: Outcomes(),
}
