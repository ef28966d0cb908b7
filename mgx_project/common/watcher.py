"""A small process that watches a worker: one that does not beat is killed and started again, under whatever supervisor.

The worker is forked before anything large is imported, so that watching costs a few megabytes. It beats by a line in a pipe,
from a Python thread: a process whose interpreter is held, stopped or dead is silent. Neither Redis nor the network is asked.

However a worker ends, what it started ends with it: git and sandboxes are in sessions of their own, so the watcher asks Linux
to inherit them (PR_SET_CHILD_SUBREAPER, prctl(2)) and kills them before the next worker works.
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
KILL_SECONDS = 10.0
"""After a silence that was too long; who lives on then is not killed: its watcher stood still as long as it did."""
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
STOPS = (signal.SIGTERM, signal.SIGINT)
DRAIN = signal.SIGUSR1
"""Ends the worker once what it does has ended."""


class Beat:
    """The worker's side. ``patience`` is how many silent seconds are too many; no beat while ``well`` says no."""

    def __init__(self, pipe: int) -> None:
        self._pipe, self._lock = pipe, threading.Lock()
        self.patience = START_SECONDS
        self.well: Callable[[], bool] = lambda: True
        self._said, self._doomed_until = time.monotonic(), 0.0
        threading.Thread(target=self._run, name="beat", daemon=True).start()

    def ask(self, patience: float, well: Callable[[], bool] = lambda: True) -> None:
        """From now on, and not only from the next beat: the worker may hang before that."""
        self.patience, self.well = patience, well
        self._say()

    @property
    def overdue(self) -> bool:
        """Whether the watcher has heard nothing for too long: it is about to kill this process, whose work counts as not given
        back, however much of it wakes up before that."""
        now = time.monotonic()
        return now - self._said > self.patience or now < self._doomed_until

    def _run(self) -> None:
        while True:
            if self.well():
                self._say()
            time.sleep(BEAT_SECONDS)

    def _say(self) -> None:
        with self._lock:  # the last line counts: an older patience must not come after a newer one
            if self.overdue:
                self._doomed_until = time.monotonic() + KILL_SECONDS
            self._said = time.monotonic()
            try:
                os.write(self._pipe, f"{self.patience}\n".encode())
            except OSError:
                os._exit(1)  # the watcher is dead, and with it whoever could stop this process


beat: Beat | None = None
"""This process's beat, where a watcher waits for it."""


def overdue() -> bool:
    return beat is not None and beat.overdue


class Silence:
    """How long nothing was heard, as far as the watcher was awake to listen."""

    def __init__(self, now: float) -> None:
        self.seconds, self.patience = 0.0, START_SECONDS
        self._looked = now

    def record_heartbeat(self, said: bytes) -> None:
        self.seconds, self.patience = 0.0, float(said.split()[-1])

    def look(self, now: float) -> bool:
        """Whether it is too long. A machine that slept, or a stopped watcher, heard no silence: a look counts little."""
        self.seconds += min(now - self._looked, 2 * BEAT_SECONDS)
        self._looked = now
        return self.seconds > self.patience


class Watcher:
    def __init__(self) -> None:
        self._worker = 0
        self._stopping = False

    def watch(self) -> None:
        """Returns in the worker; the watcher itself never returns, and ends as its worker does."""
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
        while True:
            reader, writer = os.pipe()
            watcher = os.getpid()
            # A stop that comes just now waits until it is clear who has to hear it.
            signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
            self._worker = os.fork()
            if self._worker == 0:
                os.close(reader)
                _become_worker(writer, watcher)
                return
            os.close(writer)
            for number in STOPS:
                signal.signal(number, self._forward)
            signal.signal(DRAIN, self._forward)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
            code = self._until_over(reader)
            os.close(reader)
            _end_orphans()
            if code is not None:
                sys.exit(code)
            _say("starting it again")

    def _forward(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        with suppress(ProcessLookupError):
            os.kill(self._worker, number)

    def _until_over(self, reader: int) -> int | None:
        """The worker's exit code; None when it was killed because it hung."""
        silence = Silence(time.monotonic())
        while True:
            if select.select([reader], [], [], BEAT_SECONDS)[0]:
                said = os.read(reader, 4096)
                if not said:  # the pipe is closed: the worker has ended
                    return _code(os.waitpid(self._worker, 0)[1])
                silence.record_heartbeat(said)
            if silence.look(time.monotonic()):
                _say(f"worker {self._worker} has not responded for {silence.seconds:.0f} s and is killed. Its threads were:")
                self._kill()
                return 1 if self._stopping else None
            _reap_others(self._worker)

    def _kill(self) -> None:
        """Its stacks, by faulthandler, which writes them even while the interpreter is held; the signal ends it then, so that a
        process that was stopped does not work on."""
        os.kill(self._worker, signal.SIGUSR2)
        os.kill(self._worker, signal.SIGCONT)
        deadline = time.monotonic() + DUMP_SECONDS
        while os.waitid(os.P_PID, self._worker, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(self._worker, signal.SIGKILL)
        os.waitpid(self._worker, 0)


def watch() -> None:
    Watcher().watch()


def _become_worker(pipe: int, watcher: int) -> None:
    global beat
    for number in STOPS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(DRAIN, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != watcher:
        os._exit(1)
    faulthandler.register(signal.SIGUSR2, all_threads=True, chain=True)
    beat = Beat(pipe)


def _reap_others(worker: int) -> None:
    """What the worker's children left behind ends here; the worker itself is waited for elsewhere."""
    while True:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is None or ended.si_pid == worker:
            return
        os.waitpid(ended.si_pid, 0)


def _end_orphans() -> None:
    """Kills what the worker started, and what that started: each comes to this process once its parent is dead."""
    if sys.platform != "linux":
        return
    while children := _children():
        for child in children:
            os.kill(child, signal.SIGKILL)  # ours, and not reaped: the number can't be another's
            os.waitpid(child, 0)


def _children() -> list[int]:
    # not by psutil, which would be in this small process's memory for this alone
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _say(text: str) -> None:
    print(f"watcher: {text}", file=sys.stderr, flush=True)
