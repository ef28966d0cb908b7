"""Holding runs: one thread per worker process renews the leases and looks for cancellations, on a connection of its own.

Another one listens for notifications of cancelled runs, to check them at once.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connections
from django.db.models.functions import Now

from agent.errors import Cancelled, Interrupted
from mgx_project.common import clock, tenant_wall, watcher

from .. import commits
from ..errors import LeaseLost
from ..lifecycle import worker_deaths
from ..lifecycle.cancel_channel import Listener
from ..models import TaskRun

log = structlog.stdlib.get_logger(__name__)
CHECK_SECONDS = 1.0
"""The longest delay until a cancellation is noticed, in seconds (DESIGN: Cancel)."""


class ShuttingDown(LeaseLost):
    """This worker is being stopped and releases the run."""


class Lease:
    """One held run, and the agent's CancelToken: `check()` raises once the run must stop, and the running task is cancelled."""

    def __init__(self, run: TaskRun) -> None:
        self.run_id, self.fence, self.workspace_id = run.pk, run.fence, run.workspace_id
        self.deadline = time.monotonic() + settings.MGX_LEASE_SECONDS
        self.suspect = run.worker_deaths > 0
        """The run's last worker died in it, and no step was recorded since."""
        self.answered = time.monotonic()
        """When the run's event loop last answered."""
        self.reason: Interrupted | None = None
        self._task: asyncio.Task[object] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def bind(self) -> None:
        """From now on a stop also cancels the calling task."""
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self.check()

    @property
    def silent(self) -> bool:
        return time.monotonic() - self.answered > settings.MGX_WORKER_SILENCE_SECONDS

    def unbind(self) -> None:
        self._task = None

    def ping(self) -> None:
        """Asks the run's event loop for a sign of life."""
        if self._loop is None or self._loop.is_closed():
            self.answered = time.monotonic()
        else:
            self._loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        self.answered = time.monotonic()

    def stop(self, reason: Interrupted) -> None:
        if self.reason is not None:
            return
        self.reason = reason
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._cancel_task)

    def _cancel_task(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def check(self) -> None:
        """Raises the reason for which the work was stopped, or LeaseLost if the lease has expired."""
        if self.reason is not None:
            raise self.reason
        if time.monotonic() > self.deadline:
            raise LeaseLost("The lease expired because the database could not be reached to renew it.")


class Keeper:
    """The leases of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[object, Lease] = {}
        self._taking = threading.Lock()
        self._let_go: list[Lease] = []
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._listener: threading.Thread | None = None
        self.closing = False
        """Nothing more is taken."""
        self.stopping = False
        """What is held is given back."""

    @property
    def held(self) -> int:
        return len(self._held)

    @property
    def drained(self) -> bool:
        return self.closing and not self.held

    @property
    def holds_suspect(self) -> bool:
        """Only one suspect at a time: if this process dies again, the cause is known."""
        return any(lease.suspect for lease in self._snapshot())

    @property
    def stuck(self) -> bool:
        """Whether the event loop of some run has not answered for long: only the end of the process ends its thread."""
        return any(lease.silent for lease in self._snapshot())

    def take(self, claim: Callable[[bool], TaskRun | None]) -> TaskRun | None:
        """What ``claim`` claims, held from now on; it is told whether it may take a suspect. One thread at a time: two that
        look before either has claimed would both take one. Nothing for a process that hung and is to be killed, nor for one
        that is being stopped: it would only give the run back once more."""
        with self._taking:
            run = None if self.closing or watcher.overdue() else claim(not self.holds_suspect)
            if run is not None:
                with self._lock:
                    self._held[(run.pk, run.fence)] = Lease(run)
            return run

    @contextmanager
    def hold(self, run: TaskRun) -> Iterator[Lease]:
        with self._lock:
            lease = self._held.setdefault((run.pk, run.fence), Lease(run))
            self._start()
            if self._listener is None or not self._listener.is_alive():
                self._listener = Listener(self._notified, self._listens)
                self._listener.start()
        self._wake.set()
        if self.stopping:
            lease.stop(ShuttingDown("This worker is being stopped."))
        try:
            yield lease
        finally:
            with self._lock:
                del self._held[(run.pk, run.fence)]
            self._wake.set()

    def let_go(self, lease: Lease) -> None:
        """The phase ended and the database doesn't know: it was away, or another worker has the run. It is told as soon as it
        answers, so that the next claim counts no death (`runs.lifecycle.worker_deaths`)."""
        with self._lock:
            self._let_go.append(lease)
            self._start()
        self._wake.set()

    def drain(self) -> None:
        """Takes no further run; those that are held end their phases."""
        self.closing = True

    def shut_down(self) -> None:
        """Stops every held run; their executions release them."""
        self.closing = self.stopping = True
        for lease in self._snapshot():
            lease.stop(ShuttingDown("This worker is being stopped."))

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)
            self._thread.start()

    def _notified(self, run_id: str) -> None:
        if any(str(lease.run_id) == run_id for lease in self._snapshot()):
            self._wake.set()

    def _listens(self) -> bool:
        """Whether there is anything to listen for; if not, the next run brings a listener of its own."""
        with self._lock:
            if not self._held:
                self._listener = None
            return bool(self._held)

    def _snapshot(self) -> list[Lease]:
        with self._lock:
            return list(self._held.values())

    def _run(self) -> None:
        while True:
            leases = self._snapshot()
            if not leases and not self._let_go:
                connections.close_all()
                self._wake.wait()
                self._wake.clear()
                continue
            try:
                close_old_connections()
                for lease in leases:
                    with tenant_wall.within(lease.workspace_id):
                        self._look_after(lease)
                self._tell_of_let_go()
            except (DatabaseError, InterfaceError) as error:
                log.warning("leases could not be checked, trying again", error=str(error))
            for lease in leases:
                if time.monotonic() > lease.deadline:
                    lease.stop(LeaseLost("The lease expired because the database could not be reached to renew it."))
            self._wake.wait(CHECK_SECONDS)
            self._wake.clear()

    def _tell_of_let_go(self) -> None:
        if watcher.overdue():
            return
        for lease in list(self._let_go):
            with tenant_wall.within(lease.workspace_id):
                worker_deaths.take_back(lease.run_id, lease.fence)
            with self._lock:
                self._let_go.remove(lease)

    def _look_after(self, lease: Lease) -> None:
        lease.ping()
        mine = TaskRun.across_tenants.filter(pk=lease.run_id, fence=lease.fence)
        renew_before = lease.deadline - settings.MGX_LEASE_SECONDS * 2 / 3
        if time.monotonic() >= renew_before and not lease.silent:
            asked = time.monotonic()
            length = timedelta(seconds=settings.MGX_LEASE_SECONDS)
            if mine.exclude(lease_expires_at=None).update(lease_expires_at=Now() + length):
                lease.deadline = asked + settings.MGX_LEASE_SECONDS
        asked = time.monotonic()
        row = mine.values_list("cancel_requested_at", "cancelled_by", Now()).first()
        if row is None:
            lease.stop(LeaseLost("Another worker owns this run now."))
            return
        clock.learn(row[2], asked)
        if row[0] is not None:
            lease.stop(Cancelled(f"{row[1]} cancelled the run."))


keeper = Keeper()
commits.stopping = lambda: keeper.stopping
