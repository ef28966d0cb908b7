"""One line of the table, and how it is printed."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Yardstick:
    """``what`` of the same kind took ``value``, in the line's unit, in the same run on the same machine; a line may be
    ``times`` as much. None: it is told, and nothing is held."""

    what: str
    value: float
    times: float | None = None


@dataclass(frozen=True)
class ReportLine:
    """``value`` and ``bound`` in the same unit; a line without a bound is told for context only. The bound is for the machine
    of benchmarks/README.md, the ``yardstick`` for any."""

    what: str
    value: float
    unit: str
    bound: float | None = None
    note: str = ""
    yardstick: Yardstick | None = None

    @property
    def ok(self) -> bool:
        return (self.bound is None or self.value <= self.bound) and self.ratio_ok

    @property
    def ratio(self) -> float | None:
        return self.value / self.yardstick.value if self.yardstick and self.yardstick.value else None

    @property
    def ratio_ok(self) -> bool:
        times = self.yardstick.times if self.yardstick else None
        return times is None or self.ratio is None or self.ratio <= times


def percentile(values: Sequence[float], percent: float) -> float:
    """Nearest rank. ``values`` need not be sorted; raises ValueError when there are none."""
    if not values:
        raise ValueError("nothing was measured")
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def show(lines: Iterable[ReportLine]) -> None:
    found = list(lines)
    width = max((len(line.what) for line in found), default=0)
    print(f"{'what':<{width}}  {'measured':>10}  {'bound':>8}  {'ratio':>13}  ok   yardstick in the same run; note")
    for line in found:
        bound = "" if line.bound is None else f"{line.bound:g} {line.unit}"
        held = line.bound is not None or (line.yardstick is not None and line.yardstick.times is not None)
        ok = "" if not held else "yes" if line.ok else "NO"
        said = "; ".join(filter(None, [_said(line), line.note]))
        print(f"{line.what:<{width}}  {line.value:>6.1f} {line.unit:<3}  {bound:>8}  {_ratio(line):>13}  {ok:<3}  {said}")
    print(f"\n{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} now")


def _ratio(line: ReportLine) -> str:
    if line.ratio is None or line.yardstick is None:
        return ""
    return f"{line.ratio:.2f} ×" + (f" ≤ {line.yardstick.times:g}" if line.yardstick.times is not None else "")


def _said(line: ReportLine) -> str:
    return f"{line.yardstick.what}: {line.yardstick.value:.1f} {line.unit}".rstrip() if line.yardstick else ""
