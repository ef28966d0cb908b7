"""Each reader takes at most six times as long for four times the text. It is measured in a child: one that hangs is ended."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.connection import Connection

import pytest

from tests.hostile.readers import READERS

FLOOR, GROWTH, HANGS, MAX_N, REPEATS = 0.004, 6.0, 20.0, 2_000_000, 3
CASES = [(at, shape) for at, reader in enumerate(READERS) for shape in reader.texts]


def _seconds(at: int, shape: str, n: int) -> float:
    reader = READERS[at]
    text = reader.texts[shape](n)
    took = []
    for _ in range(REPEATS):
        begun = time.process_time()
        reader.read(text)
        took.append(time.process_time() - begun)
    return min(took)


def _measure(at: int, shape: str, told: Connection) -> None:
    n = READERS[at].start
    _seconds(at, shape, n)
    while (first := _seconds(at, shape, n)) < FLOOR and n < MAX_N:
        n *= 2
    told.send((n, first, _seconds(at, shape, 4 * n)))


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
