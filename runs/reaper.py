"""The reaper: wakes workers for runs that wait without a worker, even if their messages were lost.

Any number of processes may run one: it only sends wake-ups, and a run can be claimed only once.
"""

from __future__ import annotations

import threading

import redis
import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections
from dramatiq.errors import BrokerError

from mgx_project.common import tenant_wall
from repositories import scheduled_validation
from repositories.actors import refresh_links
from repositories.fair_shares import THREADS, shares

from .actors import do_next_run
from .lifecycle.fair_claim import next_to_claim
from .notifications import replies
from .webhooks import processing
from .webhooks.actors import say_answer, take_delivery
from .worker.lease import keeper

log = structlog.stdlib.get_logger(__name__)
INTERVAL_SECONDS = 1.0


class Reaper(threading.Thread):
    """Sends at most as many wake-ups as this process has free threads, so a backlog never multiplies its messages.

    ``capacity`` is the number of threads for runs, ``network`` that of threads for validation, deliveries and replies.
    """

    def __init__(self, capacity: int, network: int = THREADS) -> None:
        super().__init__(name="reaper", daemon=True)
        self._capacity, self._network = capacity, network
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.wait(INTERVAL_SECONDS):
            try:
                close_old_connections()
                self.sweep()
            except (DatabaseError, InterfaceError, redis.RedisError, BrokerError) as error:
                log.warning("the reaper could not query waiting runs, trying again", error=str(error))

    @tenant_wall.across_tenants()
    def sweep(self) -> int:
        """Wakes workers for waiting runs and for work that needs the network. Returns the number of wake-ups."""
        return self._runs() + self._over_network()

    def _runs(self) -> int:
        free = self._capacity - keeper.held
        waiting = next_to_claim(free) if free > 0 else []
        for _ in waiting:
            do_next_run.send()
        return len(waiting)

    def _over_network(self) -> int:
        free = self._network - shares.held
        told = processing.waiting(free) if free > 0 else []
        for delivery_id in told:
            take_delivery.send(str(delivery_id))
        free -= len(told)
        owed = replies.waiting(free) if free > 0 else []
        for row_id in owed:
            say_answer.send(str(row_id))
        looks = int(free > len(owed) and scheduled_validation.is_due())
        if looks:
            refresh_links.send()  # one more thread, which does them one after the other
        return len(told) + len(owed) + looks

    def stop(self) -> None:
        self._stopping.set()
