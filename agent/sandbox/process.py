"""Runs one child to its end with a bounded memory of its output, and never leaves it behind."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from agent.sandbox.limits import Limits
from agent.sandbox.namespace import Namespace
from agent.sandbox.watch import free_space, watch

CHUNK = 64 * 1024


@dataclass(frozen=True)
class Ended:
    """``exit_code`` is 124 after a timeout and negative for a signal, as subprocess has it; ``status`` is what the child
    wrote to its status descriptor; ``stopped`` says which limit ended it."""

    exit_code: int
    tail: str
    duration_ms: int
    timed_out: bool
    stopped: str
    status: bytes


async def run_process(
    argv: Sequence[str],
    *,
    timeout: float,
    limits: Limits,
    fds: Sequence[int] = (),
    status_fd: int | None = None,
    cwd: str | None = None,
    env: Mapping[str, str] | None = None,
    watched: str = "/",
) -> Ended:
    """Runs ``argv`` in a session of its own. Cancelled or out of time, its whole process group is killed and reaped.

    ``fds`` are inherited and stay open here; ``status_fd`` is the reading end of a pipe; ``watched`` is a directory on the file
    system that may lose ``limits.disk``. Raises OSError if it can't start.
    """
    started = time.monotonic()
    free = free_space(watched)
    child = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        pass_fds=tuple(fds),
        start_new_session=True,
        cwd=cwd,
        env=env,
    )
    namespace = Namespace(status_fd)
    tail = bytearray()
    timed_out, stopped = False, ""
    warden = asyncio.create_task(watch(child.pid, limits, watched, free))
    reader = asyncio.create_task(_read(child, tail, limits.output))
    try:
        done, _ = await asyncio.wait({warden, reader}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            timed_out = True
        elif warden in done and not reader.done():
            stopped = warden.result()
    finally:
        warden.cancel()
        await asyncio.shield(asyncio.ensure_future(_end(child, reader, namespace)))
    code = 124 if timed_out else child.returncode if child.returncode is not None else -signal.SIGKILL
    text = bytes(tail).decode("utf-8", errors="replace")
    return Ended(code, text, round((time.monotonic() - started) * 1000), timed_out, stopped, namespace.status)


async def _read(child: asyncio.subprocess.Process, tail: bytearray, keep: int) -> None:
    assert child.stdout is not None
    while chunk := await child.stdout.read(CHUNK):
        tail += chunk
        if len(tail) > 2 * keep:
            del tail[:-keep]
    del tail[:-keep]
    await child.wait()


async def _end(child: asyncio.subprocess.Process, reader: asyncio.Task[None], namespace: Namespace) -> None:
    """The processes inside end first: killed after the outer one, they would have a moment to themselves."""
    try:
        if namespace.end():
            await namespace.wait_empty()
        _kill(child.pid)
        await _reap(child, reader)
        if namespace.end():  # reported between the two kills
            await namespace.wait_empty()
    finally:
        namespace.close()


async def _reap(child: asyncio.subprocess.Process, reader: asyncio.Task[None]) -> None:
    await child.wait()
    await asyncio.wait({reader}, timeout=1)
    reader.cancel()


def _kill(pid: int) -> None:
    """The group, as the child leads its own session; a child that has ended already has none."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
