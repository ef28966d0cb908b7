"""The file systems in memory that a sandbox has of its own, seen from outside: what they hold counts as memory and as files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress


class TemporaryFiles:
    """Of one command. They are looked for until they are mounted and then stay: mount(2) is refused inside."""

    def __init__(self) -> None:
        self._pid = 0
        self._paths: list[str] = []

    def used(self, pids: Sequence[int]) -> tuple[int, int]:
        """Bytes and inodes in them; none where ``pids`` live in the mount namespace of the host."""
        if not self._paths:
            self._find(pids)
        size = inodes = 0
        for path in self._paths:
            try:
                stats = os.statvfs(f"/proc/{self._pid}/root{path}")
            except OSError:  # that process ended: another one sees the same
                self._paths = []
                break
            size += (stats.f_blocks - stats.f_bfree) * stats.f_frsize
            inodes += stats.f_files - stats.f_ffree
        return size, inodes

    def _find(self, pids: Sequence[int]) -> None:
        for pid in pids:
            with suppress(OSError):
                host = {device for device, _ in _mounts(os.getpid())}
                own = {device: path for device, path in _mounts(pid) if device not in host}
                if "/dev/shm" in own.values():  # /tmp is one already while the sandbox is being set up
                    self._pid, self._paths = pid, list(own.values())
                    return


def _mounts(pid: int) -> list[tuple[str, str]]:
    """Device and place of each tmpfs (proc_pid_mountinfo(5))."""
    found = []
    with open(f"/proc/{pid}/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            fields, _, kind = line.partition(" - ")
            if kind.startswith("tmpfs "):
                parts = fields.split()
                found.append((parts[2], parts[4].encode().decode("unicode_escape")))
    return found
