"""Dramatiq actors. Messages are wake-ups only: the run's row says what is due, if anything.

The broker has no Retries and no TimeLimit middleware: the lease and the reaper decide who continues, and when.
"""

from __future__ import annotations

import uuid
from functools import partial

import dramatiq
from django.db import transaction

from mgx_project.common import tenant_wall

from .lifecycle import worker_transitions
from .models import TaskRun
from .models.run_state import RunPhase, in_phase
from .phases import deliver, plan_and_execute
from .wakeups import QUEUE, wake
from .webhooks.actors import queue_replies
from .worker.executor import Following, do, work
from .worker.lease import keeper

PHASES = {
    RunPhase.PLAN: plan_and_execute.plan,
    RunPhase.EXECUTE: plan_and_execute.execute,
    RunPhase.DELIVER: deliver.deliver,
}


@dramatiq.actor(queue_name=QUEUE)
def do_next_run() -> None:
    """Executes the run whose turn it is, phase after phase until it waits or another run has its turn. Afterwards the next run
    of its workspace may be claimable."""
    run = keeper.take(lambda orphans: worker_transitions.claim_next(orphans=orphans))
    if run is not None:
        assert run.state.phase is not None, f"a run that is {run.status} was claimed: there is no work in that state"
        go_on(do(run, PHASES[run.state.phase], Following(PHASES, _say_status)))
        do_next_run.send()


# The next three actors name their run. They are no longer sent; they serve messages that an older version left in the queue.


@dramatiq.actor(queue_name=QUEUE)
def plan_run(run_id: str) -> None:
    go_on(work(uuid.UUID(run_id), in_phase(RunPhase.PLAN), plan_and_execute.plan))


@dramatiq.actor(queue_name=QUEUE)
def execute_run(run_id: str) -> None:
    go_on(work(uuid.UUID(run_id), in_phase(RunPhase.EXECUTE), plan_and_execute.execute))


@dramatiq.actor(queue_name=QUEUE)
def deliver_run(run_id: str) -> None:
    go_on(work(uuid.UUID(run_id), in_phase(RunPhase.DELIVER), deliver.deliver))


def go_on(run: TaskRun | None) -> None:
    """After a phase: wakes a worker for the next one, and posts the status where the task came from."""
    if run is not None:
        with tenant_wall.within(run.workspace_id):
            wake(run)
            _say_status(run)


def _say_status(run: TaskRun | None) -> None:
    if run is not None and (run.task.issue_number or run.revision):
        transaction.on_commit(partial(queue_replies, run.task_id), robust=True)  # lost, it is said somewhat later
