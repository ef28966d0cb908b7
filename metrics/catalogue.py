"""The metrics recorded for each finished run: names, units and how each value is read from the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runs.models import TaskRun
from runs.models.run_state import RunOutcome

from .models import MetricSnapshot

Type = MetricSnapshot.Type


@dataclass(frozen=True)
class Metric:
    """``read`` returns the run's value, or None if the run has none (an unknown price is not zero)."""

    name: str
    metric_type: MetricSnapshot.Type
    unit: str
    read: Callable[[TaskRun], Any]


def _seconds(run: TaskRun) -> float | None:
    began, ended = run.started_at or run.created_at, run.completed_at
    return (ended - began).total_seconds() if ended else None


def _usage(name: str) -> Callable[[TaskRun], Any]:
    return lambda run: run.usage.get(name, 0)


def _tests(name: str) -> Callable[[TaskRun], Any]:
    def read(run: TaskRun) -> Any:
        tests = run.results.get("tests")
        return tests.get(name) if isinstance(tests, Mapping) else None

    return read


METRICS = (
    Metric("run_duration_seconds", Type.TIMER, "s", _seconds),
    Metric("run_succeeded", Type.COUNTER, "", lambda run: int(run.state.outcome is RunOutcome.SUCCEEDED)),
    Metric("tokens_in", Type.COUNTER, "tokens", _usage("tokens_in")),
    Metric("tokens_out", Type.COUNTER, "tokens", _usage("tokens_out")),
    Metric("cost_usd", Type.COUNTER, "USD", lambda run: run.usage.get("cost_usd", 0)),
    Metric("model_calls", Type.COUNTER, "", _usage("calls")),
    Metric("tests_passed", Type.GAUGE, "", _tests("passed")),
    Metric("tests_failed", Type.GAUGE, "", _tests("failed")),
    Metric("plan_versions", Type.GAUGE, "", lambda run: run.plan_version),
)
