"""What a worker process does beside its runs that may take minutes: work that comes round (`runs.scheduler`), and removing what
dead processes left on this machine. In a thread of its own: the reaper's wake-ups do not wait for it."""

from __future__ import annotations

import threading
import time

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections

from mgx_project.common import tenant_wall

from .scheduler import Scheduler
from .worker import leftovers, workdirs

log = structlog.stdlib.get_logger(__name__)
INTERVAL_SECONDS = 1.0
PRUNING_SECONDS = 60.0


class Housekeeping(threading.Thread):
    def __init__(self, scheduler: Scheduler | None = None) -> None:
        super().__init__(name="housekeeping", daemon=True)
        self._scheduler = scheduler or Scheduler()
        self._stopping = threading.Event()

    @tenant_wall.across_tenants()
    def run(self) -> None:
        pruning_due = time.monotonic() + PRUNING_SECONDS
        while not self._stopping.wait(INTERVAL_SECONDS):
            try:
                close_old_connections()
                self._scheduler.run_due()
                if time.monotonic() > pruning_due:
                    pruning_due = time.monotonic() + PRUNING_SECONDS
                    workdirs.prune()
                    leftovers.prune()
            except (DatabaseError, InterfaceError, OSError) as error:
                log.warning("housekeeping failed, trying again", error=str(error))

    def stop(self) -> None:
        self._stopping.set()
