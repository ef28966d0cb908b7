"""Ctrl-C is never lost.

Python raises ``KeyboardInterrupt`` wherever the main thread happens to be. In a finalizer, or in a callback of the import
system, nothing can catch it: Python prints it and goes on as if nobody had pressed a key. So it is noted too, and a wait asks.
"""

from __future__ import annotations

import signal
from types import FrameType

_noted = False


def _note(number: int, frame: FrameType | None) -> None:
    global _noted
    _noted = True
    raise KeyboardInterrupt


def note_interrupts() -> None:
    """To be called once, in the main thread. An interrupt that is ignored (``nohup``) stays ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _note)


def raise_if_interrupted() -> None:
    """Raises ``KeyboardInterrupt`` if Ctrl-C was pressed, even if that has been raised before."""
    if _noted:
        raise KeyboardInterrupt
