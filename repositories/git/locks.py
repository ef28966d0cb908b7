"""Locks between processes, threads and tasks on this machine: `flock` on a file, released by itself when its holder dies.

Nobody waits in a thread: waiting is asking again, so a waiter that is cancelled leaves nothing behind. Each `Lock` has its own
open file, so two in one process exclude each other as two processes do. A git process that got the descriptor holds it too.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

POLL_SECONDS = (0.01, 0.25)
"""The first and the longest pause between two attempts."""


class Lock:
    """A lock that is held until `close`. Made by `attempt` and `acquire`."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def attempt(path: Path, *, shared: bool = False, make: bool = True) -> Lock | None:
    """The lock on ``path``, or None if others hold it or the file was removed (it is created unless ``make`` is false)."""
    try:
        file = path.open("ab" if make else "rb")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        # whoever had it before may have removed the file: then this locks nothing that others see
        if os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return Lock(file)
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        file.close()
        raise
    file.close()
    return None


async def acquire(path: Path) -> Lock:
    """Waits for the exclusive lock on ``path``. Cancelling the wait is safe."""
    pause, longest = POLL_SECONDS
    while (lock := attempt(path)) is None:
        await asyncio.sleep(pause)
        pause = min(pause * 2, longest)
    return lock


def touch(path: Path) -> None:
    """Marks ``path`` as used now."""
    with suppress(FileNotFoundError):
        os.utime(path)
