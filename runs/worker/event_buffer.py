"""Buffers events of a claimed run until its next transaction, so that events between two steps need none of their own.

The event loop adds to it, the execution's one database thread writes it; what a rolled back transaction wrote waits on. A run
that dies loses only what its replay says again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from workspaces.event_log import Draft

from ..events import event_log
from ..models import TaskRun


class EventBuffer:
    def __init__(self, run: TaskRun, fence: int) -> None:
        self._run, self._fence = run, fence
        self._waiting: deque[Draft] = deque()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, draft: Draft) -> None:
        self._waiting.append(draft)

    @contextmanager
    def fenced_transaction(self, *after: Draft, usage: dict[str, Any] | None = None) -> Iterator[None]:
        """One transaction, or a part of one: what the block writes, what waits, and the events ``after`` it.

        The run's row is locked before the block and the workspace's behind it. Raises LeaseLost when the fence is no longer
        the run's, and then nothing is written.
        """
        with transaction.atomic(savepoint=False):
            waiting = list(self._waiting)
            drafts = [*waiting, *after]
            first = event_log.number(self._run, len(drafts), fence=self._fence, usage=usage)
            yield
            # before those that tell sockets: whatever they meet, what is written waits no more
            transaction.on_commit(lambda: self._written(len(waiting)))
            event_log.record_numbered(self._run, drafts, first)

    def write(self) -> None:
        """Writes the buffered events."""
        if self._waiting:
            with self.fenced_transaction():
                pass

    def _written(self, count: int) -> None:
        for _ in range(count):
            self._waiting.popleft()
