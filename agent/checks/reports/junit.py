"""JUnit XML, as pytest, Maven, Gradle, PHPUnit and CTest write it: the test cases and how each ended.

There is no standard. The one common part is `testcase` with `name` and `classname`, and `failure`, `error` or `skipped` in it:
https://github.com/testmoapp/junitxml. Totals in attributes are not read: runners count in them in ways of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from agent.checks.reports.model import MAX_ERROR, Repeated, Tally, first_line, joined
from agent.checks.reports.xml_events import visit
from agent.documents import Unreadable
from agent.patterns import linear

MAX_CASES = 200_000
OUTCOMES = ("failure", "error", "skipped")
MAX_TEXT = 20_000
"""Characters of one failure's text that are kept."""
_RAISED = linear(r"(?m)^E +(\S.*)$")
_EXCEPTION = linear(r"[\w.]*[A-Z]\w*(?:Error|Exception|Warning|Exit|Interrupt)\b")


@dataclass
class CaseOutcome:
    """A child of a test case: ``kind`` is one of ``OUTCOMES``."""

    kind: str
    type: str = ""
    message: str = ""
    text: str = ""


@dataclass
class ReportedCase:
    """One `testcase` element; ``suites`` are the names of those around it, outermost first."""

    name: str
    classname: str = ""
    file: str = ""
    status: str = ""
    suites: tuple[str, ...] = ()
    outcomes: list[CaseOutcome] = field(default_factory=list)

    def has(self, kind: str) -> bool:
        return any(outcome.kind == kind for outcome in self.outcomes)


class _Cases:
    def __init__(self) -> None:
        self.found: list[ReportedCase] = []
        self._suites: list[str] = []
        self._case: ReportedCase | None = None
        self._outcome: CaseOutcome | None = None
        self._size = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "testsuite":
            self._suites.append(attributes.get("name", ""))
        elif name == "testcase":
            if len(self.found) >= MAX_CASES:
                raise Unreadable(f"it has more than {MAX_CASES:,} test cases")
            get = attributes.get
            self._case = ReportedCase(
                get("name", ""), get("classname", get("class", "")), get("file", ""), get("status", ""), tuple(self._suites)
            )
            self.found.append(self._case)
        elif name in OUTCOMES and self._case is not None:
            self._outcome = CaseOutcome(name, attributes.get("type", ""), attributes.get("message", ""))
            self._size = 0
            self._case.outcomes.append(self._outcome)

    def end(self, name: str) -> None:
        if name == "testsuite" and self._suites:
            self._suites.pop()
        elif name == "testcase":
            self._case = None
        elif name in OUTCOMES:
            self._outcome = None

    def data(self, text: str) -> None:
        if self._outcome is not None and self._size < MAX_TEXT:
            self._outcome.text += text[: MAX_TEXT - self._size]
            self._size += len(text)


def cases(text: str) -> tuple[list[ReportedCase], bool]:
    """Those of a report, and whether it was read to its end; what can't be read any further still gives those before."""
    collected = _Cases()
    try:
        visit(text, collected.start, collected.end, collected.data)
    except Unreadable:
        return collected.found, False
    return collected.found, True


def tally(texts: Iterator[str]) -> Tally:
    """Of the reports of a runner that names a test by its class: ``class > name``, or ``file > name`` where it gives a file."""
    counted, repeated = Tally(source="report"), Repeated()
    for text in texts:
        found, complete = cases(text)
        counted.complete = counted.complete and complete
        for case in found:
            _count(counted, case, repeated.name(named(case)))
    return counted


def _count(counted: Tally, case: ReportedCase, name: str) -> None:
    failed = [outcome for outcome in case.outcomes if outcome.kind != "skipped"]
    if failed or case.status == "fail":
        counted.failed += 1
        counted.errors += any(outcome.kind == "error" for outcome in failed) and not case.has("failure")
        counted.failing.append(name)
    elif case.has("skipped") or case.status in ("notrun", "disabled", "skipped"):
        counted.skipped += 1
    else:
        counted.passed += 1


def named(case: ReportedCase) -> str:
    owner = case.classname or (case.suites[-1] if case.suites else "")
    return joined((owner, case.name)) if owner != case.name else case.name


def raised(text: str) -> str:
    """The exception of a traceback of pytest's, whose lines begin with `E`; else the first line that says anything."""
    lines = [hit[1] for hit in _RAISED.finditer(text)]
    named = [line for line in lines if _EXCEPTION.match(line)]
    return (named or lines)[-1][:MAX_ERROR] if lines else first_line(text)
