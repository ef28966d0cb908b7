"""How long a test waits for what should come at once, and time that passes only where somebody sleeps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import TypeVar

T = TypeVar("T")

SOON = 180.0
"""Seconds. What a test waits for would otherwise take an hour or never come, so a busy machine has all the time it needs."""


def wait_for(condition: Callable[[], T], within: float = SOON, told: Callable[[], object] = lambda: "") -> T:
    """The first true value that ``condition`` returns. Another process or thread brings it about, and notifies nobody here.
    ``within`` is in seconds, for a busy machine; ``told`` gives what a failure shows."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited in vain: {told()}"
        time.sleep(0.05)
    return value


def in_a_new_window() -> SimpleNamespace:
    """Stands in a module for ``time``: its day, hour and minute begin now, and it runs on as the real one does. What is counted
    in windows of the wall clock would otherwise count less where one of them happens to end."""
    ahead = -time.time() % 86_400
    return SimpleNamespace(time=lambda: time.time() + ahead, monotonic=time.monotonic, sleep=time.sleep)


class Clock:
    """Stands in a module for ``time`` and for ``asyncio`` or ``time.sleep``: nothing depends on how busy the machine is."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    time = monotonic

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    async def sleep_async(self, seconds: float) -> None:
        """Others that begin to sleep at the same moment do so before anybody wakes."""
        due = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, due)
