"""Buffers what a claimed run has to write until its next transaction: events, steps of its journal, and facts about it.

The event loop adds to it, the execution's one database thread writes it; what a rolled back transaction wrote waits on. A run
that dies loses only what its replay does and says again: events between two steps, and steps that may be done again at no
cost, upon which nothing was built yet, for all that comes after one is written in the same transaction or a later one.

If the database stays away, or can't say whether a transaction was committed, nothing more is written, since an event can't be
written twice: the run goes on under another claim, which reads what is there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from django.db import Error, transaction

from mgx_project.common.async_db import lost_connection
from workspaces.event_log import Draft

from ..commits import until_committed
from ..events import event_log
from ..models import TaskRun

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class StepWrite:
    """A step as it was when this was made, the event that becomes visible with it, and what to do once it is written."""

    columns: event_log.StepColumns
    announcement: Draft | None = None
    written: Callable[[], None] | None = None


class EventBuffer:
    def __init__(self, run: TaskRun, fence: int) -> None:
        self.run, self._fence = run, fence
        self._waiting: deque[Draft | StepWrite | dict[str, Any]] = deque()
        self.write_soon: Callable[[], None] | None = None
        """Sees to it that `write` is called soon, where there is somebody who does."""
        self.cut_off: Error | None = None
        """The error after which nothing more is written."""

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, draft: Draft) -> None:
        self._waiting.append(draft)

    def add_step(self, step: StepWrite) -> None:
        self._waiting.append(step)
        self._see_to_it()

    def note(self, **facts: Any) -> None:
        """Columns of the run's row, here at once and in the database with what is written next."""
        for name, value in facts.items():
            setattr(self.run, name, value)
        self._waiting.append(facts)
        self._see_to_it()

    def show_on(self, run: TaskRun) -> None:
        """Sets the columns that wait on another copy of the run's row."""
        for one in list(self._waiting):
            if isinstance(one, dict):
                for name, value in one.items():
                    setattr(run, name, value)

    def write(self, *after: Draft, step: StepWrite | None = None, usage: dict[str, Any] | None = None) -> None:
        """What waits, then ``step`` and the events ``after`` it, in one transaction or a part of one. Locks the run's row, and
        behind it the workspace's. Raises LeaseLost when the fence is no longer the run's: then nothing is written."""
        waiting = list(self._waiting)
        steps: dict[str, event_log.StepColumns] = {}
        drafts: list[Draft] = []
        facts: dict[str, Any] = {}
        ends: list[Callable[[], None]] = []
        for one in [*waiting, *([step] if step else []), *after]:
            if isinstance(one, Draft):
                drafts.append(one)
            elif isinstance(one, StepWrite):
                key = one.columns["key"]
                steps.pop(key, None)  # it began since the last transaction, and comes where it ended
                steps[key] = one.columns
                drafts += [one.announcement] if one.announcement else []
                ends += [one.written] if one.written else []
            else:
                facts |= one
        with transaction.atomic(savepoint=False):
            # before those that tell sockets: whatever they meet, what is written waits no more
            transaction.on_commit(lambda: self._written(len(waiting), ends))
            event_log.append(self.run, drafts, steps=list(steps.values()), fence=self._fence, usage=usage, facts=facts)

    def write_waiting(self) -> None:
        if self._waiting:
            self.write()

    def commit(self, act: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """`until_committed`, of what `write` is a part of or all of. Raises the error of `cut_off`, having done nothing."""
        if self.cut_off is not None:
            raise self.cut_off
        try:
            return until_committed(act, *args, **kwargs)
        except Error as error:
            if lost_connection(error):
                self.cut_off = error
            raise

    def _written(self, count: int, ends: list[Callable[[], None]]) -> None:
        for _ in range(count):
            self._waiting.popleft()
        for end in ends:
            end()

    def _see_to_it(self) -> None:
        if self.write_soon is not None:
            self.write_soon()
