"""Messages that tell workers there is something to do. What it is stands in the run's row, so a lost one is made up for."""

from __future__ import annotations

import dramatiq
from django.db import transaction

from .models import TaskRun

QUEUE = "runs"
DO_NEXT = "do_next_run"
"""The actor of `runs.actors`, which stands above whoever wakes it."""


def wake(run: TaskRun | None) -> None:
    """Tells a worker that the run has work, once the present transaction has committed. Does nothing if it has none."""
    if run is not None and run.lease_expires_at is None and run.state.claimable:
        transaction.on_commit(_send)


def _send() -> None:
    dramatiq.get_broker().enqueue(dramatiq.Message(queue_name=QUEUE, actor_name=DO_NEXT, args=(), kwargs={}, options={}))
