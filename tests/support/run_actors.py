"""The actors that name their run: a test says with them which run is worked on, whoever's turn it is."""

from __future__ import annotations

from collections.abc import Callable

from runs.actors import deliver_run, execute_run, plan_run
from runs.models import TaskRun
from runs.models.run_state import RunPhase

_ACTORS = {RunPhase.PLAN: plan_run, RunPhase.EXECUTE: execute_run, RunPhase.DELIVER: deliver_run}


def actor_of(run: TaskRun) -> Callable[[str], None] | None:
    """The actor of the run's phase; None where there is no work for one."""
    return None if run.state.phase is None else _ACTORS[run.state.phase]


def work_on(run: TaskRun) -> None:
    """A worker does the phase of the run."""
    actor = actor_of(run)
    assert actor is not None, f"there is no work for a worker: the run is {run.status}"
    actor(str(run.pk))
