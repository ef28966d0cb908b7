"""Work that comes round. Any number of processes may run it: each job is done by who moves its time on, in the database.

A process that dies in a job has moved it on already: it comes round again, so a job does what is due and not what is new.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import connection
from django.db.models.functions import Now

from . import orphaned_files, retention
from .lifecycle import store_returns
from .lifecycle.room_returns import RoomReturns
from .models import ScheduledJob
from .orphaned_calls import settle_orphans

log = structlog.stdlib.get_logger(__name__)
_CLAIM = """
INSERT INTO scheduled_jobs (name, due_at, last_did)
VALUES (%(name)s, statement_timestamp() + make_interval(secs => %(every)s), '{}')
ON CONFLICT (name) DO UPDATE SET due_at = statement_timestamp() + make_interval(secs => %(every)s)
WHERE scheduled_jobs.due_at <= statement_timestamp()
RETURNING name
"""
Did = Mapping[str, int]


@dataclass(frozen=True)
class ScheduledWork:
    """``act`` returns what it did, by name; nothing of it, and nothing is written."""

    name: str
    every: timedelta
    act: Callable[[], Did]


_room = RoomReturns()
JOBS = (
    ScheduledWork("budget-room", timedelta(seconds=2), lambda: {"runs resumed": _room.resume()}),
    ScheduledWork("store-returns", timedelta(seconds=2), lambda: {"runs resumed": store_returns.resume()}),
    ScheduledWork("orphaned-calls", timedelta(seconds=10), lambda: {"calls settled": settle_orphans()}),
    ScheduledWork("retention", timedelta(minutes=10), retention.prune),
    ScheduledWork("orphaned-files", timedelta(minutes=10), orphaned_files.sweep),
    ScheduledWork("files-to-remove", timedelta(minutes=1), orphaned_files.remove_listed),
)


class Scheduler:
    """``jobs`` of one process; it asks the database for each at most as often as it comes round."""

    def __init__(self, jobs: Sequence[ScheduledWork] = JOBS) -> None:
        self._jobs = jobs
        self._not_before = dict.fromkeys((job.name for job in jobs), 0.0)

    def run_due(self) -> list[str]:
        """Does the jobs that are due and returns their names. One that fails is logged and does not keep the others back."""
        done = []
        for job in self._jobs:
            if time.monotonic() < self._not_before[job.name]:
                continue
            self._not_before[job.name] = time.monotonic() + job.every.total_seconds()
            if _claim(job):
                _do(job)
                done.append(job.name)
        return done


def _claim(job: ScheduledWork) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"name": job.name, "every": job.every.total_seconds()})
        return cursor.fetchone() is not None


def _do(job: ScheduledWork) -> None:
    began = time.monotonic()
    try:
        did: dict[str, int | str] = {name: number for name, number in job.act().items() if number}
    except Exception as error:
        log.exception("scheduled work failed, it comes round again", job=job.name)
        did = {"error": type(error).__name__}
    if did:
        log.info("scheduled work", job=job.name, did=did)
        took = round((time.monotonic() - began) * 1000)
        ScheduledJob.objects.filter(pk=job.name).update(last_run_at=Now(), last_ms=took, last_did=did)
