"""One line of the table, and how it is printed."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ReportLine:
    """``value`` and ``bound`` in the same unit; a line without a bound is told for context only."""

    what: str
    value: float
    unit: str
    bound: float | None = None
    note: str = ""

    @property
    def ok(self) -> bool:
        return self.bound is None or self.value <= self.bound


def percentile(values: Sequence[float], percent: float) -> float:
    """Nearest rank. ``values`` need not be sorted; raises ValueError when there are none."""
    if not values:
        raise ValueError("nothing was measured")
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def show(lines: Iterable[ReportLine]) -> None:
    found = list(lines)
    width = max((len(line.what) for line in found), default=0)
    print(f"{'what':<{width}}  {'measured':>10}  {'bound':>8}  ok   note")
    for line in found:
        bound = "" if line.bound is None else f"{line.bound:g} {line.unit}"
        ok = "" if line.bound is None else "yes" if line.ok else "NO"
        print(f"{line.what:<{width}}  {line.value:>6.1f} {line.unit:<3}  {bound:>8}  {ok:<3}  {line.note}")
    print(f"\n{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} now")
