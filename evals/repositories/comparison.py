"""Compares the baseline that a run reports with what the documented command gives, for one project."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evals.repositories import by_hand, trees
from evals.repositories.description import ProjectDescription
from evals.repositories.ours import Measured
from evals.repositories.reading import Outcomes

Verdict = Literal["right", "absent", "wrong", "by hand"]
Measure = Callable[[Path], Measured]


@dataclass(frozen=True)
class Comparison:
    """``by hand``: the product was not asked. ``absent``: nothing was counted, and it was said why."""

    name: str
    title: str
    verdict: Verdict
    why: str
    hand: Outcomes | None = None
    with_bug: Outcomes | None = None
    ours: Outcomes | None = None


def compare(project: ProjectDescription, cache: Path, measure: Measure | None) -> Comparison:
    """``measure`` None: only by hand. The bug has to fail by hand too, else the description is wrong."""
    if missing := project.missing():
        return Comparison(project.name, project.title, "absent", f"{missing} is not available here")
    with tempfile.TemporaryDirectory(prefix="mgx-repositories-") as directory:
        root, environment = Path(directory) / "tree", Path(directory) / "environment"
        try:
            trees.repository(project, cache, root)
            before = measure(root) if measure else None
            by_hand.set_up(project, root, environment)
            hand = by_hand.test(project, root, environment).outcomes
            if project.bug is None:
                return _verdict(project, hand, None, before, None)
            trees.plant(root, project.bug)
            with_bug = by_hand.test(project, root, environment).outcomes
            if with_bug.failed <= hand.failed:
                return Comparison(project.name, project.title, "wrong", "the planted bug fails nothing by hand", hand, with_bug)
            return _verdict(project, hand, with_bug, before, measure(root) if measure else None)
        except (by_hand.HandFailed, trees.TreeNotMade) as error:  # a registry or a runner that is not there says nothing of us
            return Comparison(project.name, project.title, "absent", str(error))


def _verdict(
    project: ProjectDescription, hand: Outcomes, with_bug: Outcomes | None, before: Measured | None, after: Measured | None
) -> Comparison:
    def told(verdict: Verdict, why: str) -> Comparison:
        return Comparison(project.name, project.title, verdict, why, hand, with_bug, before.outcomes if before else None)

    if before is None:
        return told("by hand", "")
    if before.outcomes is None:
        expected = not project.test and bool(before.reason)
        return told(
            "right" if expected else "absent" if before.reason else "wrong", before.reason or "nothing counted, no reason"
        )
    if before.runner != project.runner:
        return told("wrong", f"the runner is {project.runner}, and {before.runner or 'none'} was told")
    if before.outcomes != hand:
        return told("wrong", f"by hand {hand}, told {before.outcomes}")
    if after is not None and not after.failing - before.failing:
        return told("wrong", "the planted bug is not told as newly failing")
    return told("right", "")
