"""A table of where a run's time went. Pure functions; text from the server is cleaned here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mgx_cli.output import one_line
from mgx_cli.render import Line, duration

KINDS = ("wall", "model", "sandbox", "own")
COLUMN = 9
LEAST_NAME = 12
"""The minimum width of a step's name, in columns."""


def timing_lines(timing: Mapping[str, Any], width: int) -> Iterator[Line]:
    """The run, each phase, and under it its steps; ``width`` columns at most if there are at least 48."""
    phases = _rows(timing, "phases")
    steps = sorted(_rows(timing, "steps"), key=_begin)
    rows: list[tuple[str, Mapping[str, Any], str]] = [("whole run", timing, "bold")]
    for position, phase in enumerate(phases):
        following = _begin(phases[position + 1]) if position + 1 < len(phases) else "9999"
        since = "" if position == 0 else _begin(phase)
        rows.append((one_line(phase.get("phase", "")), phase, "cyan"))
        rows += [(f"  {_short(step)}", step, "") for step in steps if since <= _begin(step) < following]
    if not phases:
        rows += [(f"  {_short(step)}", step, "") for step in steps]
    room = max(LEAST_NAME, min(width - COLUMN * len(KINDS), max(len(name) for name, _, _ in rows)))
    yield [(" " * room + "".join(f"{kind.upper():>{COLUMN}}" for kind in KINDS), "dim")]
    for name, row, style in rows:
        times = "".join(f"{_time(row.get(f'{kind}_seconds')):>{COLUMN}}" for kind in KINDS)
        yield [(f"{_cut(name, room):<{room}}", style), (times, "")]
    waited = timing.get("waiting_seconds")
    if isinstance(waited, (int, float)) and waited >= 0.0005:
        yield [("waiting".ljust(room), "dim"), (f"{_time(waited):>{COLUMN}}", ""), ("  for a worker or a person", "dim")]


def _rows(timing: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [row for row in timing.get(name) or () if isinstance(row, Mapping)]


def _begin(row: Mapping[str, Any]) -> str:
    """RFC 3339 in UTC sorts as text."""
    return str(row.get("started_at", ""))


def _short(step: Mapping[str, Any]) -> str:
    """The journal's key without its phase."""
    key = one_line(step.get("key", ""))
    tries = step.get("attempts", 1)
    name = key.split("/", 1)[1] if key.startswith(("execute/", "deliver/", "plan/")) else key
    return f"{name} ×{tries}" if isinstance(tries, int) and tries > 1 else name


def _cut(name: str, width: int) -> str:
    return name if len(name) <= width else name[: width - 1] + "…"


def _time(seconds: object) -> str:
    if not isinstance(seconds, (int, float)) or seconds < 0.0005:
        return "-"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 1000 else duration(seconds)
