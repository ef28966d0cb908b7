"""Runs that paused because the store of their files was away go on by themselves when it answers. Any number of processes may
look at once."""

from __future__ import annotations

from datetime import timedelta

from mgx_project.common import clock, store
from workspaces.models import Event

from ..models import TaskRun
from ..models.run_state import Status
from .self_resume import resume_unchanged

MOST = 50
"""Runs that are looked at in one go, those that have waited longest first."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=10)
"""A store may answer and still not do what a run asks of it (one bad file, a full disk with room for a small one): each time
that the run is paused again within an hour it waits twice as long."""
SAID = "The artifact store answers again: the run goes on."


def resume(*, now: bool = False) -> int:
    """Returns how many go on. ``now``: also those that are to wait for some time yet."""
    waiting = TaskRun.across_tenants.filter(status=Status.PAUSED, pause_reason="storage").order_by("updated_at")[:MOST]
    due = [run for run in waiting if now or clock.now() - run.updated_at >= _wait(run)]
    if not due:
        return 0
    try:
        store.check()
    except store.StoreAway:
        return 0
    return sum(resume_unchanged(run, SAID) for run in due)


def _wait(run: TaskRun) -> timedelta:
    paused = Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk, type="paused", data__reason="storage")
    times = paused.filter(created_at__gt=clock.now() - timedelta(hours=1)).count()
    return min(FIRST_WAIT * 2 ** min(max(times - 1, 0), 16), LONGEST_WAIT)
