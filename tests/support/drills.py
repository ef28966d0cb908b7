"""Drills have a long form, for a night (`make test DRILLS=1`), and a short one: fewer rounds, or some of the cases."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

LONG = bool(os.environ.get("DRILLS"))

Case = TypeVar("Case")
Draw = Callable[[Sequence[Case], int], Case]


@cache
def seed_of_commit() -> int:
    """What a short form draws by. All runs on one commit draw the same, each commit something else: a change is refused for the
    same case however often it is tried again, and nobody's for a draw that the next try does not repeat."""
    asked = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    commit = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return int(commit[:8] or "0", 16)


def chance(name: str) -> random.Random:
    """Of the test ``name``: by the commit in the short form."""
    return random.Random() if LONG else random.Random(f"{seed_of_commit()}/{name}")


def times(long: int, short: int) -> int:
    return long if LONG else short


def some_of(every: Sequence[object], short: int) -> pytest.MarkDecorator:
    """Runs a test once for each ``turn`` of all, or of ``short``: ``draw(every, turn)`` says which one is meant."""
    count = times(len(every), short)
    return pytest.mark.parametrize("turn", range(count), ids=lambda turn: f"{turn + 1} of {count}")


def drawn(every: Sequence[Case], turn: int, seed: int) -> Case:
    """The same order for all workers of a session; what was drawn is shown with a failure."""
    case = random.Random(seed).sample(list(every), len(every))[turn]
    print(f"drawn: {case}")
    return case
