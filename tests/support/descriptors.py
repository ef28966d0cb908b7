"""Which files and sockets this process has open. Threads that other tests left behind may close some at any time."""

from __future__ import annotations

import os
from contextlib import suppress


def descriptors() -> set[tuple[int, str]]:
    """Number and target of each. What something has left open is what is there after it and was not before."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # that of this very directory
            found.add((int(number), os.readlink(f"/proc/self/fd/{number}")))
    return found
