"""Runs one child process to its end, keeps a bounded part of its output, and never leaves the process behind."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from agent.children import child, to_the_end
from agent.sandbox.limits import Limits
from agent.sandbox.namespace import Namespace
from agent.sandbox.resource_watch import free_space, inodes_used, watch

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
    stdin: int = asyncio.subprocess.DEVNULL,
    cwd: str | None = None,
    env: Mapping[str, str] | None = None,
    watched: str = "/",
    gate: int | None = None,
    user: int | None = None,
) -> Ended:
    """Runs ``argv`` in a session of its own. However it ends (a limit, an error, cancelled at any moment and more than once),
    nothing of it is alive when this returns: first those inside its pid namespace end, then its process group.

    ``fds`` are inherited and stay open here, ``stdin`` too (else /dev/null); ``status_fd`` is the reading end of a pipe;
    ``watched`` is a directory on the file system that may lose ``limits.disk``. The child waits for a byte in ``gate``, which
    it gets when its output belongs to ``user``: only a pipe's owner can open /dev/stdout. Raises OSError if it can't start.
    """
    started = time.monotonic()
    free, files = free_space(watched), inodes_used(watched)
    output = _Output(limits.head, limits.output)
    timed_out, stopped = False, ""
    namespace = Namespace(status_fd)
    try:
        async with child(
            *argv,
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            pass_fds=tuple(fds),
            cwd=cwd,
            env=env,
        ) as process:
            if user is not None:
                with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
                    os.chown(f"/proc/{process.pid}/fd/1", user, user)
            if gate is not None:
                os.write(gate, b"x")
            warden = asyncio.create_task(watch(process.pid, limits, watched, free, files))
            reader = asyncio.create_task(_read(process, output))
            try:
                done, _ = await asyncio.wait({warden, reader}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    timed_out = True
                elif reader in done:
                    reader.result()
                else:
                    stopped = warden.result()
            finally:
                await to_the_end(_end(process, warden, reader, namespace))
    finally:
        try:
            # cancelled while it started, the one outside has been killed and what it reported was not looked at
            await to_the_end(namespace.end())
        finally:
            namespace.close()
    code = 124 if timed_out else process.returncode if process.returncode is not None else -signal.SIGKILL
    return Ended(code, output.text(), round((time.monotonic() - started) * 1000), timed_out, stopped, namespace.status)


class _Output:
    """The first ``head`` and the last ``keep`` bytes of what is added."""

    def __init__(self, head: int, keep: int) -> None:
        self._most, self._keep = head, keep
        self._head, self._tail = bytearray(), bytearray()
        self._lost = 0

    def add(self, chunk: bytes) -> None:
        room = self._most - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        if len(self._tail) > 2 * self._keep:
            self._trim()

    def text(self) -> str:
        self._trim()
        head, tail = (bytes(part).decode("utf-8", errors="replace") for part in (self._head, self._tail))
        return f"{head}\n… {self._lost:,} bytes are left out …\n{tail}" if head and self._lost else head + tail

    def _trim(self) -> None:
        beyond = len(self._tail) - self._keep
        if beyond > 0:
            self._lost += beyond
            del self._tail[:beyond]


async def _read(process: asyncio.subprocess.Process, output: _Output) -> None:
    assert process.stdout is not None
    while chunk := await process.stdout.read(CHUNK):
        output.add(chunk)
    await process.wait()


async def _end(
    process: asyncio.subprocess.Process, warden: asyncio.Task[str], reader: asyncio.Task[None], namespace: Namespace
) -> None:
    """The processes inside end first: killed after the outer one, they would have a moment to themselves."""
    warden.cancel()
    await namespace.end()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # it leads its own session; one that has ended has no group
    await process.wait()
    await asyncio.wait({reader}, timeout=1)  # what they said before is in the pipe
    reader.cancel()
    await asyncio.wait({warden, reader})
