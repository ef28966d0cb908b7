"""A child process and its pipes, cleaned up however the call ends: normally, by an error, a time limit or cancellation.

asyncio alone promises less. A caller that is cancelled while the process starts has its first process killed, but not what that
one started. ``Process.wait`` returns before the pipes are closed where the exit is known already, and waits for whoever holds a
pipe where it is not. An error in a reader leaves the pipes to the garbage collector. The server's git uses this too.

All of a group is killed by one signal: psutil has no groups, and kills a tree one by one while others of it fork.
"""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import Process, SubprocessStreamProtocol
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

LIMIT = 1 << 16
"""Bytes that a reader holds back; also of one line of ``readline``."""


class _Protocol(SubprocessStreamProtocol):
    """``closed`` is done when the process is reaped and each pipe is closed. (``connection_lost`` comes for stdin too.)"""

    def __init__(self, limit: int, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit, loop)
        self.closed: asyncio.Future[None] = loop.create_future()
        self._open: set[int] = set()
        self._exited = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._open = {fd for fd in range(3) if transport.get_pipe_transport(fd) is not None}

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        super().pipe_connection_lost(fd, exc)
        self._open.discard(fd)
        self._look()

    def process_exited(self) -> None:
        super().process_exited()
        self._exited = True
        self._look()

    def _look(self) -> None:
        if self._exited and not self._open and not self.closed.done():
            self.closed.set_result(None)


@asynccontextmanager
async def child(*argv: str, limit: int = LIMIT, **options: Any) -> AsyncIterator[Process]:
    """Starts ``argv`` in a session of its own, which is killed and reaped at the end of the block.

    ``options`` are those of `asyncio.create_subprocess_exec`. Raises OSError if it can't start.
    """
    starting = asyncio.ensure_future(_start(argv, limit, options))
    try:
        transport, protocol = await asyncio.shield(starting)
    except asyncio.CancelledError:
        await to_the_end(_end_when_started(starting))
        raise
    try:
        yield Process(transport, protocol, asyncio.get_running_loop())
    finally:
        await to_the_end(_end(transport, protocol))


async def _start(argv: tuple[str, ...], limit: int, options: dict[str, Any]) -> tuple[asyncio.SubprocessTransport, _Protocol]:
    loop = asyncio.get_running_loop()
    return await loop.subprocess_exec(lambda: _Protocol(limit, loop), *argv, start_new_session=True, **options)


async def _end_when_started(starting: asyncio.Future[tuple[asyncio.SubprocessTransport, _Protocol]]) -> None:
    with suppress(OSError):  # the caller is cancelled and has no use for why it did not start
        await _end(*await starting)


async def _end(transport: asyncio.SubprocessTransport, protocol: _Protocol) -> None:
    # what it started is in its group, and may outlive it
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(transport.get_pid(), signal.SIGKILL)
    for fd in range(3):
        pipe = transport.get_pipe_transport(fd)
        if pipe is None or pipe.is_closing():
            continue
        if isinstance(pipe, asyncio.WriteTransport):
            pipe.abort()  # not close, which first waits for somebody to read the rest
        else:
            pipe.close()
    await protocol.closed
    transport.close()


async def to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Does ``work`` whole, however often the caller is cancelled meanwhile; then the last cancelling goes on."""
    task, cancelled = asyncio.ensure_future(work), None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    task.result()
