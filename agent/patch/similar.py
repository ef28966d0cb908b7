"""Whether one line of code is nearly another: a slip of the pen, or a line that was changed a little since. Linear."""

from __future__ import annotations

import re
from collections import Counter

MAX_CHARACTERS = 400
"""Compared of each line."""
ENOUGH = 0.6
"""Share of what both have: ``def is_empty?`` for ``def empty?`` has 0.87, ``burn one`` for ``burn 1`` 0.71."""

_WORD = re.compile(r"\w+|[^\w\s]")


def is_slip(written: str, real: str) -> bool:
    """True when ``written`` is nearly ``real``, by what they begin and end with or by the words they have, in any case."""
    one, two = (line.strip()[:MAX_CHARACTERS].casefold() for line in (written, real))
    if not one or not two:
        return one == two
    return max(_at_ends(one, two), _by_words(one, two)) >= ENOUGH


def _at_ends(one: str, two: str) -> float:
    size = min(len(one), len(two))
    head = next((at for at in range(size) if one[at] != two[at]), size)
    tail = next((at for at in range(size - head) if one[-1 - at] != two[-1 - at]), size - head)
    return 2 * (head + tail) / (len(one) + len(two))


def _by_words(one: str, two: str) -> float:
    first, second = Counter(_WORD.findall(one)), Counter(_WORD.findall(two))
    return 2 * (first & second).total() / (first.total() + second.total() or 1)
