"""What a run of the product says of a project's tests: the one place that calls it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evals.repositories.reading import Outcomes


class NotConnected(Exception):
    """The product's side can't be asked in this tree; ``--by-hand`` needs none of it."""


@dataclass(frozen=True)
class Measured:
    """``outcomes`` None: nothing was counted, and ``reason`` says why in a sentence. ``failing`` are names of tests."""

    outcomes: Outcomes | None
    reason: str = ""
    runner: str = ""
    failing: frozenset[str] = frozenset()


def measure(root: Path) -> Measured:
    """Profile, install and baseline of the working tree at ``root``, as a run does them. Raises NotConnected."""
    raise NotConnected(f"The baseline of {root.name} can't be measured: this tree has no call of the product's sandbox yet.")
