"""Working time of a run: reserved in slices ahead, so that concurrent runs can't exceed a cap together.

When nothing is left to buy, the lease stops the run, also in the middle of a command or a model call. What was not worked of
the last slice is given back; a worker that dies leaves at most one slice counted in full.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, transaction

from agent.errors import Paused
from workspaces import budgets

from ..commits import until_committed
from ..models import TaskRun
from .lease import Lease
from .llm_budget import scope_of, warn

log = structlog.stdlib.get_logger(__name__)
SLICE_MS = 5000
AHEAD = 1.0
"""Seconds before the end of a slice at which the next one is reserved."""
HINT = "Raise max_seconds of the budget and resume the run."

Db = Callable[..., Awaitable[Any]]


class WorkClock:
    def __init__(self, run: TaskRun, lease: Lease, db: Db) -> None:
        self._run, self._lease, self._db = run, lease, db
        self._until = time.monotonic()
        self._last: budgets.TimeSlice | None = None

    async def buy(self) -> None:
        """Raises ``Paused`` if a cap leaves no time."""
        bought = await self._db(until_committed, self._buy)
        if not bought.ms:
            raise Paused("budget", bought.reached, hint=HINT, needs={"tokens": 0})
        self._last = bought
        self._until += bought.ms / 1000

    async def go_on(self) -> None:
        """Reserves time while the run works, and stops it when nothing is left."""
        while True:
            await self._sleep_until(self._until - AHEAD)
            try:
                try:
                    await self.buy()
                except Paused:
                    # somebody may have raised the budget by the time that this slice is worked
                    await self._sleep_until(self._until)
                    await self.buy()
            except Paused as pause:
                self._lease.stop(pause)
                return
            except (DatabaseError, InterfaceError) as error:
                log.warning("the run's working time could not be counted, trying again", error=str(error))
                await asyncio.sleep(AHEAD)

    @property
    def left_ms(self) -> int:
        """Of the last slice, where that was not given back; not positive: nothing."""
        return 0 if self._last is None else int((self._until - time.monotonic()) * 1000)

    def give_back(self) -> None:
        """What is left of the last slice. On the database's thread, in a transaction; it locks budgets."""
        left = self.left_ms
        if self._last is not None and left > 0:
            budgets.release_time(scope=scope_of(self._run), month=self._last.month, ms=left)
            transaction.on_commit(self._given_back, robust=True)

    def _given_back(self) -> None:
        self._last = None

    def _buy(self) -> budgets.TimeSlice:
        bought = budgets.reserve_time(scope=scope_of(self._run), run_caps=self._run.budget, ms=SLICE_MS)
        warn(self._run, bought.warnings)
        return bought

    async def _sleep_until(self, moment: float) -> None:
        await asyncio.sleep(max(0.0, moment - time.monotonic()))


@asynccontextmanager
async def working_time(run: TaskRun, lease: Lease, db: Db) -> AsyncIterator[WorkClock]:
    """Counts the time within the block as the run's work. Raises ``Paused`` if a cap on time is already used up."""
    clock = WorkClock(run, lease, db)
    await clock.buy()
    ticking = asyncio.create_task(clock.go_on())
    try:
        yield clock
    finally:
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
        try:
            if clock.left_ms > 0:
                await db(until_committed, clock.give_back)
        except (DatabaseError, InterfaceError) as error:  # how the work itself ended counts for more than this slice
            log.warning("the rest of the run's last slice of time could not be given back", error=str(error))
