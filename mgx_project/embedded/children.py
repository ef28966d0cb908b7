"""A child process with its life cycle: started, watched, restarted with growing delays, stopped by identity."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from mgx_project.embedded.errors import EmbeddedError
from mgx_project.embedded.processes import Escalation, Process

FIRST_DELAY, LONGEST_DELAY = 0.1, 30.0
STEADY_SECONDS = 60.0
"""A child that ran this long starts again at the first delay."""


class Program(Protocol):
    """The program of a child: a server of this package, or a command of the plan."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def log(self) -> Path: ...
    @property
    def stop(self) -> Escalation: ...

    def spawn(self) -> subprocess.Popen[bytes]: ...
    def ready(self) -> bool: ...


class Child:
    """One running program. ``restarts`` counts since the last steady stretch, ``last_exit`` is a code or minus a signal."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.name = program.name
        self.process: Process | None = None
        self.restarts = 0
        self.last_exit: int | None = None
        self._popen: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._due: float | None = None

    def start(self) -> None:
        self._popen = self.program.spawn()
        self.process = Process.of(self._popen.pid)
        self._started = time.monotonic()
        self._due = None

    def wait_ready(self, seconds: float, pause: Callable[[float], None] = time.sleep) -> None:
        """Return when the program is ready; raises EmbeddedError when it exits first or ``seconds`` pass."""
        deadline = time.monotonic() + seconds
        while not self.program.ready():
            if self.exited():
                how = f"ended with {_describe(self.last_exit)} while it started"
                raise EmbeddedError(f"{self.program.title} {how}.", log=self.program.log)
            if time.monotonic() > deadline:
                raise EmbeddedError(f"{self.program.title} was not ready after {seconds:.0f} seconds.", log=self.program.log)
            pause(0.01)

    def exited(self) -> bool:
        """Reap it if it has ended, together with what is left of its process group."""
        if self._popen is None:
            return True
        # Seen but not yet reaped: its pid, and so the group's id, can't belong to anybody else.
        if os.waitid(os.P_PID, self._popen.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            return False
        # Nothing else in the group; on macOS the zombie alone is refused.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self.last_exit = self._popen.wait()
        self._popen = self.process = None
        return True

    def revive(self) -> float | None:
        """Restart it when it has ended and its delay is over. Returns the seconds until it is due, None when it runs."""
        if not self.exited():
            return None
        now = time.monotonic()
        if self._due is None:
            self.restarts = 0 if now - self._started > STEADY_SECONDS else self.restarts
            self._due = now + (min(LONGEST_DELAY, FIRST_DELAY * 2**self.restarts))
            self.restarts += 1
        if now < self._due:
            return self._due - now
        # Forgotten first: a start that fails has to wait again.
        self._due = None
        self.start()
        return None

    def end(self) -> None:
        """Stop it and wait; raises EmbeddedError when it outlives every signal."""
        if self._popen is None:
            return
        for number, patience in self.program.stop:
            if self.exited():
                return
            self._popen.send_signal(number)
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline:
                if self.exited():
                    return
                time.sleep(0.01)
        raise EmbeddedError(f"{self.program.title} (pid {self._popen.pid}) did not stop.", log=self.program.log)

    @property
    def state(self) -> str:
        return "running" if self._popen is not None else "waiting to restart" if self._due is not None else "stopped"


def _describe(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
