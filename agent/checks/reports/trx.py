"""TRX, which `dotnet test --logger trx` writes: one `UnitTestResult` for each test, with its `outcome`."""

from __future__ import annotations

from collections.abc import Iterable

from agent.checks.reports.model import Repeated, Tally
from agent.checks.reports.xml_events import visit
from agent.documents import Unreadable

SKIPPED = ("NotExecuted", "Inconclusive", "NotRunnable", "Pending", "Disconnected", "Warning")


def read(texts: Iterable[str]) -> Tally | None:
    """None where no test is in any of them."""
    counted, repeated = Tally(source="report"), Repeated()

    def start(name: str, attributes: dict[str, str]) -> None:
        if name != "UnitTestResult":
            return
        outcome, test = attributes.get("outcome", ""), repeated.name(attributes.get("testName", ""))
        if outcome in ("Passed", "PassedButRunAborted", "Completed"):
            counted.passed += 1
        elif outcome in SKIPPED:
            counted.skipped += 1
        else:
            counted.failed += 1
            counted.failing.append(test)

    for text in texts:
        try:
            visit(text, start, _ignore, _ignore)
        except Unreadable:
            counted.complete = False
    return counted if counted.counted else None


def _ignore(_: str) -> None:
    """Ends of elements and text between them say nothing here."""
