"""Watches what the processes of one command hold and use together, which no rlimit bounds: memory, disk, files, processor
time, and as root their number.

RLIMIT_NPROC does not bind the real user 0 (fork(2)); RLIMIT_AS and RLIMIT_CPU are per process.

It reads /proc itself and not by psutil, which finds the children of one process by reading all processes of the machine (50 ms
against 2 ms for 15 processes among 270, ten times a second) and does not count shared memory or page tables.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from agent.sandbox.limits import Limits
from agent.sandbox.processor import ProcessorTime
from agent.sandbox.shared_memory import SharedMemory, machine
from agent.sandbox.temporary import TemporaryFiles

INTERVAL = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE")


async def watch(pid: int, limits: Limits, directory: str, free: int, before: int) -> str:
    """Returns, as a sentence, which limit the descendants of ``pid`` passed; never returns while they pass none.

    ``directory`` lies on the file system that had ``free`` bytes and ``before`` files at first; others write there too, so
    ``disk`` and ``inodes`` are wide.
    """
    shared, temporary, processor = SharedMemory(), TemporaryFiles(), ProcessorTime()
    while True:
        await asyncio.sleep(INTERVAL)
        pids = descendants(pid, limits.processes)
        if len(pids) > limits.processes:
            return f"stopped: more than {limits.processes} processes"
        size, files = temporary.used(pids)
        private = sum(_resident(child) for child in pids)
        if private + _at_most() > limits.memory:  # the exact count is dear, and needed only here
            total = await asyncio.to_thread(_exact, pids, shared, size)
            if total > limits.memory:
                return f"stopped: more than {limits.memory >> 20} MiB of memory"
        if free - free_space(directory) > limits.disk:
            return f"stopped: more than {limits.disk >> 20} MiB of disk"
        if inodes_used(directory) - before + files > limits.inodes:
            return f"stopped: more than {limits.inodes} files"
        if processor.seconds(pids) > limits.cpu_seconds:
            return f"stopped: more than {limits.cpu_seconds} seconds of processor time"


def free_space(directory: str) -> int:
    """Bytes that an ordinary user may still write to the file system of ``directory``. Raises OSError."""
    stats = os.statvfs(directory)
    return stats.f_bavail * stats.f_frsize


def inodes_used(directory: str) -> int:
    """Files on the file system of ``directory``; 0 where it has no such number (btrfs). Raises OSError."""
    stats = os.statvfs(directory)
    return stats.f_files - stats.f_ffree


def descendants(pid: int, enough: int) -> list[int]:
    """Processes below ``pid``; counting ends soon after ``enough``."""
    found: list[int] = []
    waiting = _children(pid)
    while waiting and len(found) <= enough:
        child = waiting.pop()
        found.append(child)
        waiting += _children(child)
    return found


def _at_most() -> int:
    """Bytes that the whole machine holds in what ``_resident`` leaves out: shared memory, swap and page tables."""
    now = machine()
    return now["Shmem"] + now["SwapTotal"] - now["SwapFree"] + now.get("PageTables", 0)


def _exact(pids: Sequence[int], shared: SharedMemory, temporary: int) -> int:
    return sum(_private(pid) + _swapped(pid) for pid in pids) + shared.held(pids, temporary)


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


def _private(pid: int) -> int:
    """Its part of the pages that belong to processes: those that forked ones have in common are counted once in all."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            return sum(int(line.split()[1]) * 1024 for line in file if line.startswith(b"Pss_Anon:"))
    except OSError:  # it made itself unreadable, or ended
        return _resident(pid)


def _swapped(pid: int) -> int:
    """Its own swapped pages and its page tables: maps that are only read cost nothing else."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            return sum(int(line.split()[1]) * 1024 for line in file if line.startswith((b"VmSwap:", b"VmPTE:")))
    except OSError:
        return 0
