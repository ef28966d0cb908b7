"""Drills have a long form, for a night (`make test DRILLS=1`), and a short one: fewer rounds, or some of the cases."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest

LONG = bool(os.environ.get("DRILLS"))

Case = TypeVar("Case")
Draw = Callable[[Sequence[Case], int], Case]


def times(long: int, short: int) -> int:
    return long if LONG else short


def some_of(every: Sequence[object], short: int) -> pytest.MarkDecorator:
    """Runs a test once for each ``turn`` of all, or of ``short``: ``draw(every, turn)`` says which one is meant."""
    count = times(len(every), short)
    return pytest.mark.parametrize("turn", range(count), ids=lambda turn: f"{turn + 1} of {count}")


def drawn(every: Sequence[Case], turn: int, seed: int) -> Case:
    """The same order for all workers of a session, by the seed of the tests' order; what was drawn is shown with a failure."""
    case = random.Random(seed).sample(list(every), len(every))[turn]
    print(f"drawn: {case}")
    return case
