"""The share of a process's network threads (validation, deliveries, replies) that one workspace may use.

A hosting service or repository that hangs holds a thread until its deadline, half a minute to a minute and a half. So that it
holds only threads of its own tenant, each workspace has at most ``EACH`` of them at a time.
"""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

EACH = 2
THREADS = 8
"""Network threads of a worker, unless `work --network-threads` sets another number."""


class Shares:
    def __init__(self, each: int = EACH) -> None:
        self._each = each
        self._lock = threading.Lock()
        self._held: Counter[uuid.UUID] = Counter()

    @property
    def held(self) -> int:
        with self._lock:
            return self._held.total()

    def full(self) -> list[uuid.UUID]:
        """The workspaces that have used up their share."""
        with self._lock:
            return [workspace for workspace, number in self._held.items() if number >= self._each]

    def take(self, workspace_id: uuid.UUID) -> bool:
        """Takes one thread for the workspace until `give_back`. Returns False if it has its share already."""
        with self._lock:
            if self._held[workspace_id] >= self._each:
                return False
            self._held[workspace_id] += 1
            return True

    def give_back(self, workspace_id: uuid.UUID) -> None:
        with self._lock:
            self._held[workspace_id] -= 1
            if not self._held[workspace_id]:
                del self._held[workspace_id]

    @contextmanager
    def of(self, workspace_id: uuid.UUID) -> Iterator[bool]:
        """Yields whether the workspace got a thread, which it holds until the block ends."""
        taken = self.take(workspace_id)
        try:
            yield taken
        finally:
            if taken:
                self.give_back(workspace_id)


shares = Shares()
"""The shares of this process."""
