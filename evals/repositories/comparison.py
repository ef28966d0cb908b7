"""Compares the baseline that a run reports with what the documented command gives, for one project."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evals.repositories import by_hand, trees
from evals.repositories.by_hand import HandRun
from evals.repositories.description import ProjectDescription
from evals.repositories.ours import Measured, newly_failing
from evals.repositories.reading import Outcomes

Verdict = Literal["right", "absent", "wrong", "by hand"]
Measure = Callable[[Path], Measured]


@dataclass(frozen=True)
class Comparison:
    """``by hand``: the product was not asked. ``absent``: nothing was counted, and it was said why. ``seconds``: our install
    and tests where nothing is installed, the same again with the bug, and the project's own command alone; 0 where not run."""

    name: str
    title: str
    verdict: Verdict
    why: str
    hand: Outcomes | None = None
    with_bug: Outcomes | None = None
    ours: Outcomes | None = None
    seconds: tuple[float, float, float] = (0.0, 0.0, 0.0)


def compare(project: ProjectDescription, cache: Path, measure: Measure | None) -> Comparison:
    """``measure`` None: only by hand. The bug has to fail by hand too, else the description is wrong."""
    if missing := project.missing():
        return Comparison(project.name, project.title, "absent", f"{missing} is not available here")
    with tempfile.TemporaryDirectory(prefix="mgx-repositories-", ignore_cleanup_errors=True) as directory:
        root, environment, told = (Path(directory) / name for name in ("tree", "environment", "told"))
        try:
            trees.repository(project, cache, root)
            # a tree of its own: what people's set-up leaves in theirs would be found installed
            shutil.copytree(root, told, symlinks=True)
            before = measure(told) if measure else None
            by_hand.set_up(project, root, environment)
            hand = by_hand.test(project, root, environment)
            if project.bug is None:
                return _verdict(project, told, hand, None, before, None)
            trees.plant(root, project.bug)
            with_bug = by_hand.test(project, root, environment).outcomes
            if with_bug.failed <= hand.outcomes.failed:
                why = "the planted bug fails nothing by hand"
                return Comparison(project.name, project.title, "wrong", why, hand.outcomes, with_bug)
            trees.plant(told, project.bug)
            return _verdict(project, told, hand, with_bug, before, measure(told) if measure else None)
        except (by_hand.HandFailed, trees.TreeNotMade) as error:  # a registry or a runner that is not there says nothing of us
            return Comparison(project.name, project.title, "absent", str(error))


def _verdict(
    project: ProjectDescription,
    tree: Path,
    hand: HandRun,
    with_bug: Outcomes | None,
    before: Measured | None,
    after: Measured | None,
) -> Comparison:
    seconds = (before.seconds if before else 0.0, after.seconds if after else 0.0, hand.seconds)

    def told(verdict: Verdict, why: str) -> Comparison:
        ours = before.outcomes if before else None
        return Comparison(project.name, project.title, verdict, why, hand.outcomes, with_bug, ours, seconds)

    if before is None:
        return told("by hand", "")
    if before.outcomes is None:
        expected = not project.test and bool(before.reason)
        return told(
            "right" if expected else "absent" if before.reason else "wrong", before.reason or "nothing counted, no reason"
        )
    if before.runner != project.runner:
        return told("wrong", f"the runner is {project.runner}, and {before.runner or 'none'} was told")
    if before.outcomes != hand.outcomes:
        return told("wrong", f"by hand {hand.outcomes}, told {before.outcomes}. {before.reason}".rstrip())
    if after is not None and not newly_failing(before, after, tree):
        return told("wrong", f"the planted bug is not told as newly failing. {after.reason}".rstrip())
    return told("right", "")
