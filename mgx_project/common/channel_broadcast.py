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


class Broadcaster:
    """Sends messages in the order of the calls. Thread-safe; forked children start their own thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = 0
        self._loop: asyncio.AbstractEventLoop
        self._queue: asyncio.Queue[tuple[tuple[str, ...], dict[str, Any]]]

    def send(self, groups: Iterable[str], message: dict[str, Any]) -> None:
        self._start()
        self._loop.call_soon_threadsafe(self._queue.put_nowait, (tuple(groups), message))

    def _start(self) -> None:
        with self._lock:
            if self._pid == os.getpid():
                return
            self._loop = asyncio.new_event_loop()
            self._queue = asyncio.Queue()
            threading.Thread(target=self._loop.run_until_complete, args=(self._run(),), name="broadcaster", daemon=True).start()
            self._pid = os.getpid()

    async def _run(self) -> None:
        layer = get_channel_layer()
        while True:
            groups, message = await self._queue.get()
            results = await asyncio.gather(*(layer.group_send(group, message) for group in groups), return_exceptions=True)
            failed = [result for result in results if isinstance(result, BaseException)]
            if failed:
                log.warning("live announcement not delivered (clients catch up from the database)", error=repr(failed[0]))


broadcaster = Broadcaster()
