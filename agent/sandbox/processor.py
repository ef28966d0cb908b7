"""Counts the processor time of all processes of a command, the ended ones included."""

from __future__ import annotations

import os
from collections.abc import Sequence

_TICKS = os.sysconf("SC_CLK_TCK")


class ProcessorTime:
    """Two counts, of which the larger holds: the kernel adds an ended child to the parent that waits for it, and to nobody
    where the parent ignores SIGCHLD (times(2)); what was last seen of each process holds then."""

    def __init__(self) -> None:
        self._own: dict[tuple[int, int], int] = {}
        self._with_children = 0

    def seconds(self, pids: Sequence[int]) -> float:
        total = 0
        for pid in pids:
            try:
                with open(f"/proc/{pid}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:
                continue  # it ended meanwhile
            user, system, children_user, children_system = (int(field) for field in fields[11:15])
            self._own[pid, int(fields[19])] = user + system
            total += user + system + children_user + children_system
        self._with_children = max(self._with_children, total)
        return max(self._with_children, sum(self._own.values())) / _TICKS
