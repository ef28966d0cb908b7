"""Dramatiq actors. Messages are wake-ups only: the run's row says what is due, if anything.

The broker has no Retries and no TimeLimit middleware: the lease and the reaper decide who continues, and when.
"""

from __future__ import annotations

import uuid

import dramatiq

from .lifecycle import worker_transitions
from .models import TaskRun
from .models.run import Status
from .phases import deliver, plan_and_execute
from .wakeups import QUEUE, wake
from .webhooks.actors import say_soon
from .worker.executor import do, work
from .worker.lease import keeper

PHASES = {
    Status.QUEUED: plan_and_execute.plan,
    Status.PLANNING: plan_and_execute.plan,
    Status.APPROVED: plan_and_execute.execute,
    Status.EXECUTING: plan_and_execute.execute,
    Status.DELIVERING: deliver.deliver,
}


@dramatiq.actor(queue_name=QUEUE)
def do_next_run() -> None:
    """Executes one phase of the run whose turn it is. Afterwards the next run of its workspace may be claimable."""
    run = keeper.take(lambda orphans: worker_transitions.claim_next(orphans=orphans))
    if run is not None:
        go_on(do(run, PHASES[Status(run.status)]))
        do_next_run.send()


# The next three actors name their run. They are no longer sent; they serve messages that an older version left in the queue.


@dramatiq.actor(queue_name=QUEUE)
def plan_run(run_id: str) -> None:
    go_on(work(uuid.UUID(run_id), {Status.QUEUED, Status.PLANNING}, plan_and_execute.plan))


@dramatiq.actor(queue_name=QUEUE)
def execute_run(run_id: str) -> None:
    go_on(work(uuid.UUID(run_id), {Status.APPROVED, Status.EXECUTING}, plan_and_execute.execute))


@dramatiq.actor(queue_name=QUEUE)
def deliver_run(run_id: str) -> None:
    go_on(work(uuid.UUID(run_id), {Status.DELIVERING}, deliver.deliver))


ACTORS = {
    Status.QUEUED: plan_run,
    Status.PLANNING: plan_run,
    Status.APPROVED: execute_run,
    Status.EXECUTING: execute_run,
    Status.DELIVERING: deliver_run,
}


def go_on(run: TaskRun | None) -> None:
    """After a phase: wakes a worker for the next one, and posts the status where the task came from."""
    wake(run)
    if run is not None and (run.task.issue_number or run.revision):
        say_soon(run.task_id)
