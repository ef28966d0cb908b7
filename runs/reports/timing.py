"""Where a run's time went: model, sandbox, the rest of the work, and waiting. Computed from the journal, nothing is stored.

*Worked* time is that of the spans in which a worker had the run; in it, at every moment, a model step was at work, or else a
sandboxed one, or else it was our own. So model + sandbox + own = worked, and worked + waiting = wall, whatever ran side by
side. A model step holds the whole call: the budget's reservation, the wait for a rate limit and the answer. Of a command's step
only the command is the sandbox's: putting the workdir in order after it is our own.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mgx_project.common import clock

from ..lifecycle import claim_spans
from ..models import Artifact, RunStep, TaskRun
from ..models.run_state import STATES

Interval = tuple[float, float]
MODEL, SANDBOX = frozenset({"model"}), frozenset({"command", "format"})
_TOOL_LOOP = re.compile(r"/t\d+(?:/.*)?$")
"""Further model calls and tool calls of one answer: they belong to the step that asked."""


@dataclass
class Work:
    """Intervals in seconds since the run was made."""

    whole: list[Interval] = field(default_factory=list)
    model: list[Interval] = field(default_factory=list)
    sandbox: list[Interval] = field(default_factory=list)
    attempts: int = 0

    @property
    def begun(self) -> float:
        return min(start for start, _ in self.whole)

    @property
    def ended(self) -> float:
        return max(end for _, end in self.whole)

    def add(self, kind: str, interval: Interval, ran: float | None = None) -> None:
        """``ran`` is how long a command took, where it said so."""
        begun, ended = interval
        self.whole.append(interval)
        if kind in MODEL:
            self.model.append(interval)
        elif kind in SANDBOX:
            self.sandbox.append((begun, ended if ran is None else min(ended, begun + ran)))

    def seconds(self, within: Iterable[Interval]) -> dict[str, float]:
        """How long of ``within`` each kind of work took."""
        whole = union(within)
        model = overlap(union(self.model), whole)
        used = overlap(union([*self.model, *self.sandbox]), whole)
        return {
            "wall_seconds": round(length(whole), 3),
            "model_seconds": round(length(model), 3),
            "sandbox_seconds": round(length(used) - length(model), 3),
            "own_seconds": round(length(whole) - length(used), 3),
        }


def timing_of(run: TaskRun) -> dict[str, Any]:
    """The document of `GET /api/runs/{id}/timing`. Two queries."""
    rows = RunStep.objects.for_workspace(run.workspace_id).filter(run=run).order_by("started_at")
    wall = _since(run, run.completed_at or clock.now())
    phases: list[tuple[str, Interval]] = []
    steps: dict[str, Work] = {}
    everything = Work()
    columns = ("key", "kind", "attempt", "started_at", "finished_at", "result__duration_ms")
    for key, kind, attempt, started, finished, duration_ms in rows.values_list(*columns):
        begun, ended = _since(run, started), None if finished is None else _since(run, finished)
        if kind == claim_spans.KIND:
            phases.append((key.split("/")[1], (begun, wall if ended is None else ended)))
            continue
        if ended is None:  # begun and not recorded: it went on until its worker stopped
            ended = next((until for _, (since, until) in reversed(phases) if since <= begun <= until), begun)
        work = steps.setdefault(_TOOL_LOOP.sub("", key), Work())
        work.attempts = max(work.attempts, attempt)
        ran = duration_ms / 1000 if isinstance(duration_ms, int | float) else None
        work.add(kind, (begun, ended), ran)
        everything.add(kind, (begun, ended), ran)
    worked = union([*(interval for _, interval in phases), *everything.whole])
    total = everything.seconds(worked)
    return {
        **total,
        "wall_seconds": round(wall, 3),
        "waiting_seconds": round(max(0.0, wall - length(worked)), 3),
        "phases": [
            {"phase": STATES[status].phase or status, "started_at": _at(run, interval[0]), **everything.seconds([interval])}
            for status, interval in phases
        ],
        "steps": [
            {
                "key": name,
                "attempts": work.attempts,
                "started_at": _at(run, work.begun),
                **work.seconds(overlap([(work.begun, work.ended)], worked)),
            }
            for name, work in steps.items()
        ],
        "profiles": list(profiles(run.workspace_id, run.pk)),
    }


def profiles(workspace_id: uuid.UUID, run_id: uuid.UUID) -> Iterable[dict[str, Any]]:
    """The flame graphs that the run left: id, name and size of each."""
    found = (
        Artifact.objects.for_workspace(workspace_id)
        .filter(run_id=run_id, kind=Artifact.Kind.PROFILE)
        .order_by("created_at", "id")
    )
    rows: Iterable[dict[str, Any]] = found.values("id", "name", "size")
    return rows


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Sorted and disjoint."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif end > start:
            merged.append((start, end))
    return merged


def overlap(these: Iterable[Interval], those: Iterable[Interval]) -> list[Interval]:
    """What two disjoint sets of intervals have in common."""
    held = list(those)
    pairs = ((max(a, c), min(b, d)) for a, b in these for c, d in held)
    return [(start, end) for start, end in pairs if start < end]


def length(intervals: Iterable[Interval]) -> float:
    return sum(end - start for start, end in intervals)


def _since(run: TaskRun, moment: datetime) -> float:
    return (moment - run.created_at).total_seconds()


def _at(run: TaskRun, seconds: float) -> datetime:
    return run.created_at + timedelta(seconds=seconds)
