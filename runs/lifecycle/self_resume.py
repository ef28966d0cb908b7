"""Paused runs that go on without a person, because what they lacked is there again."""

from __future__ import annotations

from ..events import event_log
from ..models import TaskRun
from ..models.run_state import Status
from ..wakeups import wake
from .base import locked, save_state

BY = "MGX"


def resume_unchanged(seen: TaskRun, said: str) -> bool:
    """paused → the state before, and wakes a worker. False for a run that changed since it was ``seen``."""
    with locked(seen.pk) as run:
        if run.status != Status.PAUSED or run.updated_at != seen.updated_at:
            return False
        run.enter(Status(run.paused_from))
        run.paused_from, run.pause_reason, run.error = "", "", None
        save_state(run, "paused_from", "pause_reason", "error")
        event_log.record(run, "resumed", {"by": BY}, said)
        wake(run)
        return True
