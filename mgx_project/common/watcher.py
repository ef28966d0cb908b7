"""A small process that watches a worker: one that does not beat is killed and started again, under whatever supervisor.

The worker is forked before anything large is imported, so that watching costs a few megabytes. It beats by a line in a pipe,
from a Python thread: a process whose interpreter is held, stopped or dead is silent. Neither Redis nor the network is asked.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

BEAT_SECONDS = 0.5
START_SECONDS = 120.0
"""Patience with a worker that has not yet said how much it asks for."""
DUMP_SECONDS = 1.0
PR_SET_PDEATHSIG = 1


class Beat:
    """The worker's side. ``patience`` is how many silent seconds are too many; no beat while ``well`` says no."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self.patience = START_SECONDS
        self.well: Callable[[], bool] = lambda: True
        threading.Thread(target=self._run, name="beat", daemon=True).start()

    def _run(self) -> None:
        while True:
            if self.well():
                try:
                    os.write(self._pipe, f"{self.patience}\n".encode())
                except OSError:
                    os._exit(1)  # the watcher is dead, and with it whoever could stop this process
            time.sleep(BEAT_SECONDS)


beat: Beat | None = None
"""This process's beat, where a watcher waits for it."""


def watch() -> None:
    """Returns in the worker; the watcher itself never returns, and ends as its worker does."""
    while True:
        reader, writer = os.pipe()
        watcher = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            _become_worker(writer, watcher)
            return
        os.close(writer)
        code = _until_over(pid, reader)
        os.close(reader)
        if code is not None:
            sys.exit(code)
        _say("starting it again")


def _become_worker(pipe: int, watcher: int) -> None:
    global beat
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != watcher:
        os._exit(1)
    faulthandler.register(signal.SIGUSR2, all_threads=True)
    beat = Beat(pipe)


def _until_over(pid: int, reader: int) -> int | None:
    """The worker's exit code; None when it was killed because it hung."""
    stopping = False

    def forward(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, forward)
    silent, patience, looked = 0.0, START_SECONDS, time.monotonic()
    while True:
        if select.select([reader], [], [], BEAT_SECONDS)[0]:
            said = os.read(reader, 4096)
            if not said:  # the pipe is closed: the worker has ended
                return _code(os.waitpid(pid, 0)[1])
            silent, patience = 0.0, float(said.split()[-1])
        now = time.monotonic()
        # A machine that slept, or a watcher that was stopped, was no witness of a silence: one look counts little.
        silent += min(now - looked, 2 * BEAT_SECONDS)
        looked = now
        if silent > patience:
            _say(f"worker {pid} gave no sign of life for {silent:.0f} s: it is killed. Its threads were:")
            _kill(pid)
            return 1 if stopping else None


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGUSR2)  # its stacks, by faulthandler: written even while the interpreter is held
    os.kill(pid, signal.SIGCONT)
    time.sleep(DUMP_SECONDS)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _say(text: str) -> None:
    print(f"watcher: {text}", file=sys.stderr, flush=True)
