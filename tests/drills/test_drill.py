"""Faults come into whole runs, and after each all that is promised holds: five points here, drawn ones with `make drill`.

`DRILL_POINTS` points for each of `DRILL_SEEDS` seeds, from `DRILL_SEED` on; `DRILL_ONLY` keeps those whose name contains it.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from ..support.github import GitHub
from ..support.patience import SOON
from ..support.whole_server import Server
from . import faults, invariants
from .points import IN_CI, Point, drawn
from .story import Story

COUNT, SEEDS = int(os.environ.get("DRILL_POINTS") or 0), int(os.environ.get("DRILL_SEEDS") or 1)
FIRST, ONLY = int(os.environ.get("DRILL_SEED") or 1), os.environ.get("DRILL_ONLY", "")
ANSWERED_FOR_NOTHING = {"cut model": 0, "cut github": 0, "freeze worker": 3}
"""Answers that may be lost on the way to the journal; of other faults two."""


def points() -> list[object]:
    if not COUNT:
        return [pytest.param(point, id=str(point)) for point in IN_CI]
    found = [(seed, point) for seed in range(FIRST, FIRST + SEEDS) for point in drawn(seed, COUNT)]
    return [
        pytest.param(point, id=f"seed {seed}, {number}: {point}")
        for number, (seed, point) in enumerate(found, 1)
        if ONLY in str(point)
    ]


@pytest.mark.parametrize("point", points())
def test_a_fault_costs_nothing(point: Point, server: Server, github_server: GitHub, tmp_path: Path) -> None:
    healed = threading.Event()

    def strike() -> None:
        faults.strike(point.fault, server, github_server)
        threading.Thread(target=heal).start()

    def heal() -> None:
        try:
            faults.end(point.fault, point.lasts, server, github_server)
        finally:
            healed.set()

    story = Story(server, github_server, point, strike)
    try:
        with faults.possible(point.fault, server), faults.other_clock(point.fault, server, tmp_path / "worker.log"):
            server.answer(story.model)
            github_server.state.watch = story.watch
            story.begin()
            run_id = story.to_the_end()
            if point.trigger == "step":
                story.struck.wait(5)
            if not story.struck.is_set():
                assert point not in IN_CI, "the fault did not come"
                pytest.skip(f"the run ended before its {point.trigger} came")
            assert healed.wait(SOON)
    except faults.NotHere as reason:
        pytest.skip(str(reason))
    finally:
        github_server.state.watch = None
        server.model.cut = github_server.state.cut = False
    revised = story.run["run_number"] > 1
    lost = ANSWERED_FOR_NOTHING.get(point.fault, 2)
    invariants.check(server, github_server, story.repo, run_id, requests=story.requests, lost=lost, revised=revised)
