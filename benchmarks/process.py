"""What the kernel knows about a process: its CPU time and its resident memory."""

from __future__ import annotations

import psutil


def cpu_seconds(pid: int) -> float:
    """User and system time of ``pid`` so far, all threads, without its children; exact to a tick (10 ms)."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def rss_megabytes(pid: int) -> float:
    """Raises psutil.Error where it has ended."""
    return psutil.Process(pid).memory_info().rss / 2**20
