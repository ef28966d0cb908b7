"""A server that takes every connection and never answers: what a hanging repository or hosting service is to us."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .patience import SOON


class SilentServer:
    """``url`` takes http and so git over http. ``wait_for`` waits for callers, `close` lets them all go."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._callers: list[socket.socket] = []
        self._came = threading.Condition()
        self._thread = threading.Thread(target=self._accept, name="silent-server", daemon=True)
        self._thread.start()

    @property
    def callers(self) -> int:
        """How many have called in all; none of them has had an answer."""
        return len(self._callers)

    @property
    def waiting(self) -> int:
        """How many of them have not hung up."""
        poll = select.poll()
        for caller in self._callers:
            poll.register(caller, select.POLLRDHUP)
        return len(self._callers) - len(poll.poll(0))

    def wait_for(self, callers: int, within: float = SOON) -> None:
        with self._came:
            assert self._came.wait_for(lambda: self.callers >= callers, within), f"only {self.callers} of {callers} have called"

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                caller, _ = self._listener.accept()
                with self._came:
                    self._callers.append(caller)
                    self._came.notify_all()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        self._thread.join(SOON)
        for caller in self._callers:
            caller.close()


@contextmanager
def silent_server() -> Iterator[SilentServer]:
    server = SilentServer()
    try:
        yield server
    finally:
        server.close()
