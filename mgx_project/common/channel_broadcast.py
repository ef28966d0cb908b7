"""Broadcasts to the channel layer from synchronous code: one thread and one event loop per process own the connection.

`async_to_sync(group_send)` opens a loop and a Redis connection per call; here a call only queues. Nothing waits for delivery
and nothing depends on it: the database holds every event, and a socket that missed one reads it there.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterable
from typing import Any

import structlog
from channels.layers import get_channel_layer

log = structlog.stdlib.get_logger(__name__)
SEND_SECONDS = 2.0
"""How long one announcement waits for Redis. Later ones wait behind it."""
NOT_DELIVERED = "live announcement not delivered (clients catch up from the database)"
WAITING = 10_000
"""Announcements that may wait. While Redis is frozen the newest are dropped: whoever listens reads them in the database."""


class Broadcaster:
    """Sends messages in the order of the calls. Thread-safe; forked children start their own thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = 0
        self._loop: asyncio.AbstractEventLoop
        self._queue: asyncio.Queue[tuple[tuple[str, ...], dict[str, Any]]]

    def send(self, groups: Iterable[str], message: dict[str, Any]) -> None:
        self._start()
        self._loop.call_soon_threadsafe(self._put, (tuple(groups), message))

    def _put(self, announcement: tuple[tuple[str, ...], dict[str, Any]]) -> None:
        if self._queue.full():
            self._dropped += 1
        else:
            self._queue.put_nowait(announcement)

    def _start(self) -> None:
        with self._lock:
            if self._pid == os.getpid():
                return
            self._loop = asyncio.new_event_loop()
            self._queue = asyncio.Queue(WAITING)
            self._dropped = 0
            threading.Thread(target=self._loop.run_until_complete, args=(self._run(),), name="broadcaster", daemon=True).start()
            self._pid = os.getpid()

    async def _run(self) -> None:
        layer = get_channel_layer()
        while True:
            groups, message = await self._queue.get()
            sends = (asyncio.wait_for(layer.group_send(group, message), SEND_SECONDS) for group in groups)
            results = await asyncio.gather(*sends, return_exceptions=True)
            failed = [result for result in results if isinstance(result, BaseException)]
            if failed or self._dropped:
                error = repr(failed[0]) if failed else "more waited than are kept"
                dropped, self._dropped = self._dropped, 0
                log.warning(
                    "live announcement not delivered (clients catch up from the database)", error=error, dropped=dropped
                )


broadcaster = Broadcaster()
