"""A deadline for whole requests: a socket's timeout starts again with each byte received."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

MAX_SECONDS = 90.0
"""The limit for a whole request and its response, in seconds."""
_watched = threading.local()


class Watch:
    """Aborts a request that takes too long, whatever its thread waits for."""

    def __init__(self) -> None:
        self.is_over = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def see(self, connected: socket.socket | None) -> None:
        with self._lock:
            self._socket = connected
            if self.is_over:
                self._end()

    def end(self) -> None:
        with self._lock:
            self.is_over = True
            self._end()

    def _end(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # it has ended by itself
                self._socket.shutdown(socket.SHUT_RDWR)


@contextmanager
def within_time() -> Iterator[Watch]:
    watch = _watched.watch = Watch()
    timer = threading.Timer(MAX_SECONDS, watch.end)
    timer.daemon = True
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()
        _watched.watch = None


class Watched:
    """A connection whose socket the watch of its thread sees."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        parent: Any = super()
        parent.request(*args, **kwargs)
        connection: Any = self
        if watch := getattr(_watched, "watch", None):
            watch.see(connection.sock)
