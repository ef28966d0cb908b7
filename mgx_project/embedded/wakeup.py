"""Sleeps that a signal ends at once: the supervisor neither polls nor misses the end of a child."""

from __future__ import annotations

import select
import signal
import socket
from types import FrameType


class Stopping(Exception):
    """A person or the system asked this process to end."""


class Wakeup:
    """Turns SIGTERM, SIGINT and SIGHUP into ``stopping`` and lets SIGCHLD end a sleep. Main thread only, once per process."""

    def __init__(self) -> None:
        self.stopping = False
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, self._child_ended)

    def sleep(self, seconds: float) -> None:
        """Until a signal arrives or ``seconds`` pass; raises Stopping once a stop was asked for."""
        if not self.stopping and select.select([self._reader], [], [], seconds)[0]:
            self._reader.recv(4096)
        if self.stopping:
            raise Stopping

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _child_ended(self, number: int, frame: FrameType | None) -> None:
        """The byte that the interpreter wrote to the socket is the message."""
