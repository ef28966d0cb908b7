"""The top level of a TAP stream (testanything.org). What is nested counts in the test that holds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from agent.checks.reports.model import joined
from agent.patterns import linear

_LINE = linear(r"(?m)^(?:(not )?ok\b(?: (\d+))?(?: -)?([^\n]*)|# (\S[^\n]*))$")
_MARK = linear(r"(?i)# *(skip|todo)\b")
_PLAN = linear(r"(?m)^(?:TAP version \d+|1\.\.\d+)")


@dataclass(frozen=True)
class Point:
    """``name`` is another one for each point of the stream."""

    outcome: Literal["passed", "failed", "skipped"]
    name: str


def points(output: str, *, titled: bool = False) -> Iterator[Point]:
    """None where the output has neither a version nor a plan. ``titled``: comments are titles of tests, as tape has them, and
    the points below are assertions. Assertions of one test that say the same are told apart by their order, those that hold
    counted as well: their numbers change with each test that is added before them."""
    if not _PLAN.search(output):
        return
    title, same = "", Counter[str]()
    for hit in _LINE.finditer(output):
        if hit[4]:
            title = hit[4].strip() if titled else ""
            continue
        mark = _MARK.search(hit[3])
        said = hit[3].partition(" # time=")[0].strip() or f"test {hit[2] or sum(same.values()) + 1}"
        name = joined((title, said))
        same[name] += 1
        if same[name] > 1:
            name = f"{name} ({same[name]})"
        yield Point("skipped" if mark else "failed" if hit[1] else "passed", name)
