"""What is drawn: when a fault comes, which one, and who it hits."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

TRIGGERS = (
    "model call", "step", "time", "approval", "before fetch", "after fetch", "before push", "after push", "before pull request",
    "after pull request", "before comment", "after comment",
)  # fmt: skip
"""The n-th model call of the run; the first event of a type, which its step writes; a delay; people's approval; and requests to
the hosting service: seen by it and not done, or done and not answered."""
FAULTS = (
    "kill worker", "kill web", "kill both", "kill supervisor", "kill postgres", "kill backend", "kill valkey", "kill relay",
    "freeze worker", "freeze web", "freeze postgres", "freeze valkey", "disk full", "clock skew", "cut model", "cut github",
)  # fmt: skip
"""`kill postgres` is its postmaster, `kill backend` one of its processes; `freeze` is SIGSTOP and, later, SIGCONT."""
MODEL_CALLS = 4
STEPS = ("analysis_start", "plan_ready", "source_ready", "patch_applied", "command_started", "tests_finished", "commit_created")


@dataclass(frozen=True)
class Point:
    """``number`` is that of the model call, ``step`` the type of the event, ``delay`` (seconds) for the trigger `time` and how
    long after any other the fault comes; ``lasts`` (seconds) is for faults that end."""

    trigger: str
    fault: str
    number: int = 1
    step: str = "patch_applied"
    delay: float = 0.0
    lasts: float = 2.0

    def __str__(self) -> str:
        detail = {"model call": f" {self.number}", "step": f" {self.step}", "time": f" {self.delay:.1f} s"}.get(
            self.trigger, ""
        )
        return f"{self.trigger}{detail}: {self.fault}"


IN_CI = (
    Point("model call", "kill worker", number=2),
    Point("after push", "kill both"),
    Point("after pull request", "kill worker"),
    Point("approval", "kill web"),
    Point("step", "kill postgres", step="command_started"),
)
"""One of each kind, the same at every run of the tests: what is drawn is for `make drill`."""


def drawn(seed: int, count: int) -> Iterator[Point]:
    """``count`` points: each trigger and each fault about equally often, in pairs that differ from seed to seed."""
    chance = random.Random(seed)
    triggers, faults = _around(chance, TRIGGERS, count), _around(chance, FAULTS, count)
    for trigger, fault in zip(triggers, faults, strict=True):
        soon = chance.uniform(0, 8) if trigger == "time" else chance.choice([0.0, chance.uniform(0, 0.1)])
        yield Point(
            trigger, fault, chance.randint(1, MODEL_CALLS), chance.choice(STEPS), soon, lasts=chance.choice([1.0, 2.5, 5.0])
        )


def _around(chance: random.Random, names: tuple[str, ...], count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        found += chance.sample(names, len(names))
    return found[:count]
