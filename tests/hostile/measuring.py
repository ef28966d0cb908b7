"""Measures how the time of a reader grows with its text, in a child: one that hangs is ended, and the next goes on.

Time is the child's own on the processor, so that a busy machine changes little, and only its growth is judged.
"""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection

from tests.hostile.reader import Reader
from tests.support.drills import LONG

FLOOR = 0.01 if LONG else 0.004
"""Seconds; a shorter time says little about growth, so the text is made longer until it takes as long, up to ``MAX_N``."""
BEFORE = 16
"""Most readers need as long for a sixteenth of their ``start``. Where the time grows too fast there, a bound of the reader may
lie between, below which it may take the square: then it is measured from ``start`` on."""
MAX_N = 600_000
GROWTH = 6.0
"""For four times the text. It is 4 for what is linear, and 16 for what takes the square."""
SHORT = 0.4
"""Seconds of a reading that may be done with a text four times as long."""
TRIES = 5
HANGS = 20.0
"""Seconds on the processor for one shape of text."""
SILENT = 600.0
"""Seconds of the clock, for a child that waits for something."""
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, KEPT = -1, -3, 32 << 20
"""mallopt(3): 32 MiB is the most that glibc takes for the second."""


@dataclass(frozen=True)
class Growth:
    """``first`` seconds for ``n`` characters and ``second`` for four times as many; 0 where it did not come so far."""

    shape: str
    n: int = 0
    first: float = 0.0
    second: float = 0.0
    failed: str = ""

    @property
    def problem(self) -> str:
        if self.failed:
            return f"{self.shape}: {self.failed}"
        if self.second <= GROWTH * max(self.first, FLOOR):
            return ""
        return f"{self.shape}: {self.first:.4f} s for {self.n} characters, {self.second:.4f} s for four times as many."


def growths(reader: Reader, hangs: float = HANGS) -> Iterator[Growth]:
    """One for each of its shapes, in order; one hangs that works for ``hangs`` seconds."""
    shapes = list(reader.texts)
    while shapes:
        for growth in _of_one_child(reader, shapes, hangs):
            yield growth
            shapes.remove(growth.shape)


def _of_one_child(reader: Reader, shapes: list[str], hangs: float) -> Iterator[Growth]:
    """Until all are measured or the child ended."""
    context = multiprocessing.get_context("fork")
    hears, tells = context.Pipe(duplex=False)
    child = context.Process(target=_measure_all, args=(reader, tuple(shapes), tells, hangs))
    child.start()
    tells.close()
    try:
        for shape in tuple(shapes):
            try:
                growth = hears.recv() if hears.poll(SILENT) else Growth(shape, failed=f"It was silent for {SILENT:g} seconds.")
            except EOFError:
                growth = Growth(shape, failed=f"It ended the process, as it does after {hangs:g} seconds of work.")
            yield growth
            if growth.failed:
                return
    finally:
        child.kill()
        child.join()


def _measure_all(reader: Reader, shapes: tuple[str, ...], told: Connection, hangs: float) -> None:
    sys.settrace(None)  # coverage's, whose time is none of the reader's; what it saw in a child is not kept anyway
    gc.disable()  # collecting what the tests before left behind is not a part of it either
    allocator = ctypes.CDLL(None)
    if hasattr(allocator, "mallopt"):  # glibc gives large blocks back at once: the longer text alone would pay for new pages
        allocator.mallopt(M_MMAP_THRESHOLD, KEPT)
        allocator.mallopt(M_TRIM_THRESHOLD, KEPT)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for shape in shapes:
        signal.setitimer(signal.ITIMER_PROF, hangs)  # ends the process, also inside of C
        try:
            growth = _measure(reader, shape)
        except Exception as error:  # to be reported, whatever it is
            growth = Growth(shape, failed=f"It raised {type(error).__name__}: {error}"[:300])
        told.send(growth)
        if growth.failed:
            return


def _measure(reader: Reader, shape: str) -> Growth:
    for least, tries in ((reader.start // BEFORE, 2), (reader.start, TRIES)):
        growth = _from(least, reader, shape, tries)
        if not growth.problem:
            return growth
    # a step, as where the processor's cache is full or memory is asked of the system, does not come twice, the square does
    growth = _grown(reader, shape, 4 * growth.n, growth.second, tries=2)
    if growth.problem and growth.second < SHORT:  # what came before the step may have been a busy machine's
        growth = _grown(reader, shape, 4 * growth.n, growth.second, tries=2)
    return growth


def _from(n: int, reader: Reader, shape: str, tries: int) -> Growth:
    _seconds(reader, shape, n // 4)  # what is made once
    while (first := _seconds(reader, shape, n)) < FLOOR and n < MAX_N:
        n *= 2 if 4 * first > FLOOR else 4
    return _grown(reader, shape, n, first, tries=tries)


def _grown(reader: Reader, shape: str, n: int, first: float, *, tries: int) -> Growth:
    second = _seconds(reader, shape, 4 * n)
    for _ in range(tries - 1):  # what a busy machine adds differs from time to time, and growth with the square does not
        if second <= GROWTH * max(first, FLOOR):
            break
        first, second = _seconds(reader, shape, n), min(second, _seconds(reader, shape, 4 * n))
    return Growth(shape, n, first, second)


def _seconds(reader: Reader, shape: str, n: int) -> float:
    text = reader.texts[shape](n)
    begun = time.process_time()
    reader.read(text)
    return time.process_time() - begun
