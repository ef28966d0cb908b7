"""The processor's time that something takes, where a bound would otherwise be a matter of the machine and its other work."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Fails where this thread works longer. Threads of other tests don't count, and coverage, with which a line takes several
    times as long, is off meanwhile."""
    tracer = sys.gettrace()
    sys.settrace(None)
    began = time.thread_time()
    try:
        yield
    finally:
        took = time.thread_time() - began
        sys.settrace(tracer)
    assert took < seconds, f"{took:.1f} seconds of the processor"
