"""Which tests `make test-fast` leaves out: those that took more than a fifth of a second when all were last recorded.

`make test ARGS=--record-slow` writes `tests/slow_tests.txt` again; do it on an idle machine when the fast tier has become slow.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

import pytest

LONG_SECONDS = 5
"""From here on its seconds, rounded to fives, stand beside a test's name."""
LIST = Path(__file__).parents[1] / "slow_tests.txt"
TOGETHER = ("tests/flows/", "tests/drills/")
"""All of these need one server, whose start takes as long as many tests: one worker has it."""
SLOW_SECONDS = 0.2
"""On average over its parameters, with what is set up for it."""


def mark(items: list[pytest.Item]) -> None:
    """Marks them, and lets them begin first, the longest before all: begun last, one of them would keep one worker waiting for
    the others. Each worker begins with a part of the list in one piece, so they are dealt out: all have as many slow ones, but
    for the one that begins with those that share a server."""
    slow = {
        name: int(seconds or 0) for name, _, seconds in (line.partition(" ") for line in LIST.read_text("utf-8").splitlines())
    }
    for item in items:
        if function_of(item.nodeid) in slow:
            item.add_marker(pytest.mark.slow)

    def first_the_longest(block: list[pytest.Item]) -> tuple[int, bool]:
        seconds = max(slow.get(function_of(item.nodeid), 0) for item in block)
        return -seconds, all(item.get_closest_marker("slow") is None for item in block)

    dealt_out = dealt(sorted(blocks(items), key=first_the_longest), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1)))
    items[:] = [item for part in dealt_out for item in part]


def blocks(items: list[pytest.Item]) -> list[list[pytest.Item]]:
    """What one worker does one after the other: the tests of a module that share a fixture of it, which would be set up again
    for each worker and after each test of another module. All others are alone."""
    found: dict[object, list[pytest.Item]] = {}
    for item in items:
        found.setdefault(item.path if shares(item) else item, []).append(item)
    return list(found.values())


def shares(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and any(
        definition.scope == "module"
        for definitions in item._fixtureinfo.name2fixturedefs.values()
        for definition in definitions
    )


def dealt(blocks: list[list[pytest.Item]], workers: int) -> list[list[pytest.Item]]:
    """The parts of all workers, of nearly the same length."""
    parts: list[list[pytest.Item]] = [[] for _ in range(workers)]
    parts[0] = [item for block in blocks for item in block if item.nodeid.startswith(TOGETHER)]
    for block in blocks:
        if not block[0].nodeid.startswith(TOGETHER):
            min(parts, key=len).extend(block)
    return parts


def function_of(test: str) -> str:
    return test.partition("[")[0]


class Recorder:
    """A pytest plugin, for the process that hears of all tests."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        times: dict[str, list[float]] = defaultdict(list)
        for test, seconds in self._seconds.items():
            times[function_of(test)].append(seconds)
        slow = {name: max(took) for name, took in times.items() if sum(took) / len(took) > SLOW_SECONDS}
        lines = [f"{name}{_seconds(slow[name])}\n" for name in sorted(slow)]
        LIST.write_text("".join(lines), "utf-8")


def _seconds(took: float) -> str:
    rounded = LONG_SECONDS * round(took / LONG_SECONDS)
    return f" {rounded}" if rounded else ""
