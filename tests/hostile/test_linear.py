"""Each reader takes at most six times as long for four times the text. It is measured in a child: one that hangs is ended."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import time
from multiprocessing.connection import Connection

import pytest

from tests.hostile.readers import READERS

FLOOR, GROWTH, HANGS, MAX_N, REPEATS, TRIES = 0.02, 6.0, 60.0, 2_000_000, 2, 5
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, KEPT = -1, -3, 32 << 20
"""mallopt(3): 32 MiB is the most that glibc takes for the second."""
CASES = [(at, shape) for at, reader in enumerate(READERS) for shape in reader.texts]


def _seconds(at: int, shape: str, n: int) -> float:
    """The least of a few times: what else runs on the machine can only add to it."""
    reader = READERS[at]
    text = reader.texts[shape](n)
    took = []
    for _ in range(REPEATS):
        begun = time.process_time()
        reader.read(text)
        took.append(time.process_time() - begun)
    return min(took)


def _measure(at: int, shape: str, told: Connection) -> None:
    gc.disable()  # collecting what the tests before left behind is no part of the reader's time
    allocator = ctypes.CDLL(None)
    if hasattr(allocator, "mallopt"):  # glibc gives large blocks back at once: the longer text alone would pay for new pages
        allocator.mallopt(M_MMAP_THRESHOLD, KEPT)
        allocator.mallopt(M_TRIM_THRESHOLD, KEPT)
    n = READERS[at].start
    _seconds(at, shape, n)
    while (first := _seconds(at, shape, n)) < FLOOR and n < MAX_N:
        n *= 2
    second = _seconds(at, shape, 4 * n)
    for _ in range(TRIES - 1):  # what a busy machine adds differs from time to time, and growth with the square does not
        if second <= GROWTH * max(first, FLOOR):
            break
        first, second = _seconds(at, shape, n), min(second, _seconds(at, shape, 4 * n))
    told.send((n, first, second))


@pytest.mark.parametrize(("at", "shape"), CASES, ids=[f"{READERS[at].name}: {shape}" for at, shape in CASES])
def test_time_grows_with_the_text(at: int, shape: str) -> None:
    context = multiprocessing.get_context("fork")
    hears, tells = context.Pipe(duplex=False)
    child = context.Process(target=_measure, args=(at, shape, tells))
    child.start()
    tells.close()
    try:
        assert hears.poll(HANGS), f"It did not end within {HANGS:g} seconds."
        n, first, second = hears.recv()
    finally:
        child.kill()
        child.join()
    assert second <= GROWTH * max(first, FLOOR), f"{first:.4f} s for {n} characters, {second:.4f} s for four times as many."
