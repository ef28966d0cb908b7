"""The latest events of what several sockets of a process show: one of them reads the rows for all.

Without it, fifty sockets of one task read and render the same row fifty times.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from weakref import WeakValueDictionary

from mgx_project.common.async_db import run_db

KEPT = 50
"""Events that are kept for each group: sockets that are live differ by a few."""


@dataclass(frozen=True)
class StoredEvent:
    """A row as sockets send it. ``number`` is what their cursor counts; ``project`` is an id or ""."""

    number: int
    kind: str
    project: str
    json: bytes


class RecentEvents:
    """The events of one channel-layer group that were read last, without a gap between them."""

    def __init__(self) -> None:
        self._one_reads = asyncio.Lock()
        self._after = 0
        self._events: Sequence[StoredEvent] = ()

    async def after(self, cursor: int, number: int, read: Callable[[int], Sequence[StoredEvent]]) -> Sequence[StoredEvent]:
        """Those after ``cursor``, up to ``number`` at least, or as many as ``read(cursor)``, which blocks, returns at a time.
        ``number`` is one that was announced, so it is stored."""
        async with self._one_reads:
            if cursor < self._after or not self._events or self._events[-1].number < number:
                events = await run_db(read, cursor)
                self._after, self._events = cursor, events
            found = [event for event in self._events if event.number > cursor]
            if len(self._events) > KEPT:
                self._after, self._events = self._events[-KEPT - 1].number, self._events[-KEPT:]
            return found


_by_group: WeakValueDictionary[str, RecentEvents] = WeakValueDictionary()


def recent_events(group: str) -> RecentEvents:
    """The one of this process, for as long as somebody has it. Whoever may see the group may see all its rows."""
    return _by_group.setdefault(group, RecentEvents())
