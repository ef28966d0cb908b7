"""Processes by identity: a pid alone may belong to somebody else by the time it is signalled.

On Linux this asks the kernel itself and not psutil, whose start times are in wall-clock time and move with the clock (ours are
compared with those in a file), and which looks first and signals by number then; a pidfd has no moment between the two.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mgx_project.embedded.account import PLAIN, Account
from mgx_project.embedded.files import open_log

Escalation = Sequence[tuple[signal.Signals, float]]
"""Signals to send in turn, each with the seconds to wait before the next one."""

TERMINATE: Escalation = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


@dataclass(frozen=True)
class Process:
    """A pid and the time its process started (clock ticks since boot on Linux, epoch seconds elsewhere)."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Process | None:
        started = start_time(pid)
        return None if started is None else cls(pid, started)

    def alive(self) -> bool:
        return start_time(self.pid) == self.started

    def signal(self, number: int) -> bool:
        """Send ``number`` to exactly this process; False when it is gone."""
        if not hasattr(os, "pidfd_open"):
            return self.alive() and _kill(self.pid, number)
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            return self.alive() and _kill(self.pid, number)
        try:
            # The handle pins the process, so that a pid reused after this check is never hit.
            if not self.alive():
                return False
            signal.pidfd_send_signal(handle, number)
            return True
        except ProcessLookupError:
            return False
        finally:
            os.close(handle)

    def wait(self, seconds: float) -> bool:
        """True as soon as the process is gone, False after ``seconds``."""
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        return True

    def stop(self, escalation: Escalation = TERMINATE) -> bool:
        """Signal in turn until it is gone; True when it is."""
        for number, patience in escalation:
            if not self.signal(number) or self.wait(patience):
                return True
        return not self.alive()


def start_time(pid: int) -> int | None:
    """When the process started, None when there is none (or only a zombie). Field 22 of proc_pid_stat(5)."""
    if sys.platform != "linux":
        return _start_time_elsewhere(pid)
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            state, *fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in "ZX" else int(fields[18])


def _start_time_elsewhere(pid: int) -> int | None:
    import psutil  # Linux has no need of it here

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else int(process.create_time())
    except psutil.Error:
        return None


def _kill(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def boot_id() -> str:
    """Tells two boots of one machine apart, because start times count from the boot; empty where it is unknown."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def spawn(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: bytes = b"",
    death_signal: signal.Signals = signal.SIGTERM,
    account: Account = PLAIN,
) -> subprocess.Popen[bytes]:
    """Start ``argv`` in its own session with its output appended to ``log``.

    On Linux the child gets ``death_signal`` when the *thread* that called this ends (prctl(2), PR_SET_PDEATHSIG): call it
    from the main thread. ``stdin`` must fit into a pipe's buffer (64 KiB).
    """
    output = open_log(log)
    try:
        process = subprocess.Popen(
            [*account.prefix, *argv],
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            # Unsafe beside threads that hold locks; this one makes two system calls and takes none.
            preexec_fn=_die_with_parent(death_signal),
            **account.options(),
        )
    finally:
        os.close(output)
    if process.stdin is not None:
        with process.stdin as pipe:
            pipe.write(stdin)
    return process


def _die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    import ctypes  # only who starts processes pays for it

    prctl, parent, set_death_signal = ctypes.CDLL(None).prctl, os.getpid(), 1

    def apply() -> None:
        prctl(set_death_signal, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return apply
