"""Runs that paused because the store of their files was away go on by themselves when it answers. Any number of processes may
look at once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Count

from mgx_project.common import clock, store
from workspaces.models import Event

from ..models import TaskRun
from ..models.run_state import Status
from .self_resume import resume_unchanged

MOST = 50
"""Runs that go on in one go, those that have waited longest first."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=10)
"""A store may answer and still not do what a run asks of it (one bad file, a full disk with room for a small one): each time
that the run is paused again within an hour it waits twice as long."""
SAID = "The artifact store answers again: the run goes on."


def resume(*, now: bool = False) -> int:
    """Returns how many go on. ``now``: also those that are to wait for some time yet."""
    found = _due(now=now)
    if not found:
        return 0
    try:
        store.check()
    except store.StoreAway:
        return 0
    return sum(resume_unchanged(run, SAID) for run in found)


def _due(*, now: bool = False) -> list[TaskRun]:
    """At most `MOST`, of which only the key and the time of the last change are read: while the store is away, all runs that
    work come to wait."""
    waiting = TaskRun.across_tenants.filter(status=Status.PAUSED, pause_reason="storage").only("updated_at")
    if not now:
        waiting = waiting.filter(updated_at__lte=clock.now() - FIRST_WAIT)
    left, found = list(waiting.order_by("updated_at")), list[TaskRun]()
    while left and len(found) < MOST:
        runs, left = left[:MOST], left[MOST:]
        waits = {} if now else _waits(runs)
        found += [run for run in runs if clock.now() - run.updated_at >= waits.get(run.pk, timedelta())]
    return found[:MOST]


def _waits(runs: Sequence[TaskRun]) -> dict[uuid.UUID, timedelta]:
    """How long each stays paused."""
    paused = Event.across_tenants.filter(run_id__in=[run.pk for run in runs], type="paused", data__reason="storage")
    recent = paused.filter(created_at__gt=clock.now() - timedelta(hours=1))
    times = dict(recent.order_by().values_list("run_id").annotate(Count("pk")))
    return {run.pk: min(FIRST_WAIT * 2 ** min(max(times.get(run.pk, 0) - 1, 0), 16), LONGEST_WAIT) for run in runs}
