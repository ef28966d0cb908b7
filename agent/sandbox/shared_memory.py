"""Counts memory that no process holds alone: memfds, shared maps and temporary file systems, each once (shmem in the kernel).

A process's own figures miss it: what a child filled and left, or what only a descriptor holds, is in nobody's resident set.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from functools import cache

BLOCK = 512
"""Unit of st_blocks (inode(7))."""


class SharedMemory:
    """``rise`` is what the whole machine's shared memory grew by since this was made, in bytes."""

    def __init__(self) -> None:
        self._before = machine()["Shmem"]

    def held(self, pids: Sequence[int], temporary: int) -> int:
        """Bytes that ``pids`` hold together, ``temporary`` being those in their temporary file systems.

        Where a map can't be looked at (only CAP_CHECKPOINT_RESTORE may), its length counts, though no more than the
        machine's rise. The whole rise counts where something is out of sight: a process that made itself unreadable, or
        descriptors that wait in a socket. Nobody honest does that with more than a part of the limit.
        """
        rise = max(machine()["Shmem"] - self._before, 0)
        seen: dict[int, int] = {}
        guessed: dict[int, int] = {}
        hidden = False
        for pid in pids:
            try:
                hidden |= _by_descriptors(pid, seen)
                _by_maps(pid, seen, guessed)
            except PermissionError:
                hidden |= not _is_ended(pid)
            except OSError:
                continue  # it ended meanwhile
        total = sum(seen.values()) + min(sum(size for inode, size in guessed.items() if inode not in seen), rise) + temporary
        return max(total, rise) if hidden else total


def machine() -> dict[str, int]:
    """The figures of /proc/meminfo in bytes (proc(5))."""
    with open("/proc/meminfo", "rb") as file:
        rows = [line.split() for line in file]
    return {row[0][:-1].decode(): int(row[1]) * 1024 for row in rows}


@cache
def _device() -> int:
    """The kernel's own mount, on which memfds, shared anonymous maps and System V segments lie."""
    fd = os.memfd_create("probe")
    try:
        return os.fstat(fd).st_dev
    finally:
        os.close(fd)


def _by_descriptors(pid: int, seen: dict[int, int]) -> bool:
    """Adds what its descriptors hold to ``seen``; True where a socket of its holds descriptors that nobody has received."""
    waiting = False
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):
            found = os.stat(f"/proc/{pid}/fd/{fd}")
            if found.st_dev == _device():
                seen[found.st_ino] = found.st_blocks * BLOCK
            elif stat.S_ISSOCK(found.st_mode):
                with open(f"/proc/{pid}/fdinfo/{fd}", "rb") as file:
                    waiting |= any(line.startswith(b"scm_fds:") and int(line.split()[1]) for line in file)
    return waiting


def _by_maps(pid: int, seen: dict[int, int], guessed: dict[int, int]) -> None:
    device = f"{os.major(_device()):02x}:{os.minor(_device()):02x}".encode()
    with open(f"/proc/{pid}/maps", "rb") as file:
        rows = [line.split(maxsplit=5) for line in file]
    for place, _, offset, where, inode, *_ in rows:
        if where != device or int(inode) in seen:
            continue
        start, end = (int(part, 16) for part in place.split(b"-"))
        try:
            seen[int(inode)] = os.stat(f"/proc/{pid}/map_files/{start:x}-{end:x}").st_blocks * BLOCK
        except PermissionError:
            guessed[int(inode)] = max(guessed.get(int(inode), 0), int(offset, 16) + end - start)
        except FileNotFoundError:
            continue


def _is_ended(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] in b"ZX"
    except OSError:
        return True
