"""Wake-up messages for workers. The run's row says what is due, so a lost message does no harm."""

from __future__ import annotations

import dramatiq
import redis
import structlog
from django.db import transaction

from .models import TaskRun

log = structlog.stdlib.get_logger(__name__)
QUEUE = "runs"
DO_NEXT = "do_next_run"
"""The actor in `runs.actors`, looked up by name because that module is in a higher layer."""


def wake(run: TaskRun | None) -> None:
    """Wakes a worker for the run once the present transaction has committed. Does nothing if the run has no work."""
    if run is not None and run.lease_expires_at is None and run.state.claimable:
        transaction.on_commit(_send, robust=True)


def _send() -> None:
    try:
        dramatiq.get_broker().enqueue(dramatiq.Message(queue_name=QUEUE, actor_name=DO_NEXT, args=(), kwargs={}, options={}))
    except redis.RedisError as error:
        log.warning("no worker could be woken, the run is found within seconds", error=str(error))
