"""Buffers what a claimed run has to write until its next transaction: events, and the reads of its journal.

The event loop adds to it, the execution's one database thread writes it; what a rolled back transaction wrote waits on. A run
that dies loses only what its replay does and says again: events between two steps, and reads, upon which nothing was built
yet, for all that comes after one is written in the same transaction or a later one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from workspaces.event_log import Draft

from ..events import event_log
from ..models import RunStep, TaskRun


@dataclass(frozen=True)
class RecordedRead:
    """A new step that is recorded as it begins, and the event with which it becomes visible."""

    step: RunStep
    announcement: Draft | None


class EventBuffer:
    def __init__(self, run: TaskRun, fence: int) -> None:
        self._run, self._fence = run, fence
        self._waiting: deque[Draft | RecordedRead] = deque()
        self.write_soon: Callable[[], None] | None = None
        """Sees to it that `write` is called soon, where there is somebody who does."""

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, draft: Draft) -> None:
        self._waiting.append(draft)

    def add_read(self, read: RecordedRead) -> None:
        self._waiting.append(read)
        if self.write_soon is not None:
            self.write_soon()

    @contextmanager
    def fenced_transaction(self, *after: Draft, usage: dict[str, Any] | None = None) -> Iterator[None]:
        """One transaction, or a part of one: what the block writes, what waits, and the events ``after`` it.

        The run's row is locked before the block and the workspace's behind it. Raises LeaseLost when the fence is no longer
        the run's, and then nothing is written.
        """
        with transaction.atomic(savepoint=False):
            waiting = list(self._waiting)
            said = (one if isinstance(one, Draft) else one.announcement for one in waiting)
            drafts = [*(draft for draft in said if draft is not None), *after]
            first = event_log.number(self._run, len(drafts), fence=self._fence, usage=usage)
            if reads := [one.step for one in waiting if isinstance(one, RecordedRead)]:
                RunStep.across_tenants.bulk_create(reads)
            yield
            # before those that tell sockets: whatever they meet, what is written waits no more
            transaction.on_commit(lambda: self._written(len(waiting)))
            event_log.record_numbered(self._run, drafts, first)

    def write(self) -> None:
        """Writes what waits."""
        if self._waiting:
            with self.fenced_transaction():
                pass

    def _written(self, count: int) -> None:
        for _ in range(count):
            self._waiting.popleft()
