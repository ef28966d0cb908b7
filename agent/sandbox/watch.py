"""Watches what the processes of one command hold together, which no rlimit bounds: memory, disk, and as root their number.

RLIMIT_NPROC does not bind the real user 0 (fork(2)), and RLIMIT_AS is per process.
"""

from __future__ import annotations

import asyncio
import os

from agent.sandbox.limits import Limits

INTERVAL = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE")


async def watch(pid: int, limits: Limits, directory: str, free: int) -> str:
    """Returns, as a sentence, which limit the descendants of ``pid`` passed; never returns while they pass none.

    ``directory`` lies on the file system whose free space was ``free`` at first; others write there too, so ``disk`` is wide.
    """
    while True:
        await asyncio.sleep(INTERVAL)
        count, memory = usage(pid, limits.processes)
        if count > limits.processes:
            return f"stopped: more than {limits.processes} processes"
        if memory > limits.memory:
            return f"stopped: more than {limits.memory >> 20} MiB of memory"
        if free - free_space(directory) > limits.disk:
            return f"stopped: more than {limits.disk >> 20} MiB of disk"


def free_space(directory: str) -> int:
    """Bytes that an ordinary user may still write to the file system of ``directory``. Raises OSError."""
    stats = os.statvfs(directory)
    return stats.f_bavail * stats.f_frsize


def usage(pid: int, enough: int) -> tuple[int, int]:
    """Number of descendants and their resident bytes (proc(5)); counting ends soon after ``enough``."""
    count, memory = 0, 0
    waiting = _children(pid)
    while waiting and count <= enough:
        child = waiting.pop()
        count += 1
        memory += _resident(child)
        waiting += _children(child)
    return count, memory


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found += [int(child) for child in file.read().split()]
    except OSError:
        return found
    return found


def _resident(pid: int) -> int:
    """Pages that are the process's own: shared ones would be counted once for every process."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            fields = file.read().split()
    except OSError:
        return 0
    return (int(fields[1]) - int(fields[2])) * _PAGE if len(fields) > 2 else 0
