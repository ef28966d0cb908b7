"""One function that reads hostile text, and texts that once stopped it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reader:
    """``read`` is called with what each of ``texts`` makes of an n: about n characters, of the same shape for n and 4n.

    ``modules`` are those whose text handling this exercises, as dotted names; ``start`` is the n to begin with.
    """

    name: str
    read: Callable[[object], object]
    texts: dict[str, Callable[[int], object]]
    modules: tuple[str, ...]
    start: int = 10_000
