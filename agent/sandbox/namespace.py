"""Ends the processes inside a sandbox before the one outside, so that none of them outlives a command."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
from contextlib import suppress

CHUNK = 64 * 1024


class Namespace:
    """What bwrap wrote to its ``--json-status-fd``, and a descriptor of the first process inside.

    bwrap reports ``child-pid`` before it lets that process go on, so while nothing was reported nothing of the command has run.
    """

    def __init__(self, status_fd: int | None) -> None:
        self.status = b""
        self._source = status_fd
        self._pidfd: int | None = None
        if status_fd is not None:
            os.set_blocking(status_fd, False)
            asyncio.get_running_loop().add_reader(status_fd, self._reported)

    def read(self) -> None:
        """Takes what was reported since."""
        if self._source is None:
            return
        with suppress(BlockingIOError):
            self.status += os.read(self._source, CHUNK)
        for line in self.status.split(b"\n")[:-1] if self._pidfd is None else ():
            pid = json.loads(line).get("child-pid") if line.strip() else None
            # an older process may have ended already, and its number belong to somebody else
            if pid is not None:
                self._pidfd = _first_of_namespace(pid)

    def end(self) -> bool:
        """Kills the first process inside, which takes all others along (pid_namespaces(7)); True when it was known."""
        self.read()
        if self._pidfd is None:
            return False
        with suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        return True

    async def wait_empty(self) -> None:
        """Waits until it has ended, which the kernel tells only after all others inside have."""
        while self._pidfd is not None and not select.select([self._pidfd], [], [], 0)[0]:  # noqa: ASYNC110 - the kernel sets no event
            await asyncio.sleep(0.001)

    def close(self) -> None:
        if self._source is not None:
            asyncio.get_running_loop().remove_reader(self._source)
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None

    def _reported(self) -> None:
        self.read()
        if self._pidfd is not None and self._source is not None:
            asyncio.get_running_loop().remove_reader(self._source)


def _first_of_namespace(pid: int) -> int | None:
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    with suppress(OSError), open(f"/proc/{pid}/status", "rb") as file:
        for line in file:
            if line.startswith(b"NSpid:") and len(line.split()) > 2 and line.split()[-1] == b"1":
                return pidfd
    os.close(pidfd)
    return None
