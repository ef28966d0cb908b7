"""Signals to processes of which nobody here knows whether they have ended."""

from __future__ import annotations

import os


def send(pid: int, number: int) -> bool:
    """Whether it still lived. ``pid`` is one process: 0 and negative numbers would be a group, our own among them."""
    assert pid > 0, pid
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
