"""What a run of the product says of a project's tests: the one place that calls it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

from agent.checks import failing_tests, suites
from agent.context.listing import list_files
from agent.in_memory import CancelFlag, LocalBudget, MemoryJournal
from agent.models.offline import OfflineModel
from agent.ports import JSONObject, Ports, TaskSpec
from agent.projects import ProjectPart
from agent.sandbox import open_sandbox
from agent.team import verification
from agent.team.phase_context import PhaseContext
from evals.repositories.reading import Outcomes


@dataclass(frozen=True)
class Measured:
    """``outcomes`` None: nothing was counted, and ``reason`` says why in a sentence. ``runner`` are those of the parts that
    counted something. ``report`` is the product's own, as it compares it with that of a change; ``seconds`` are those of the
    profile, the installs and the tests."""

    outcomes: Outcomes | None
    reason: str = ""
    runner: str = ""
    report: JSONObject = field(default_factory=dict)
    seconds: float = 0.0


class _Silent:
    """Nobody watches this run."""

    async def emit(self, type: str, data: JSONObject, message: str = "") -> None:
        """What happens is in the report."""

    def text(self, role: str, text: str) -> None:
        """No model speaks."""


def measure(root: Path) -> Measured:
    """Profile, installs and baseline of the working tree at ``root``, as a run does them for a change that touches every part.
    What is installed is kept beside ``root``, so that the next measurement finds it."""
    return asyncio.run(_measure(root))


async def _measure(root: Path) -> Measured:
    begun = time.monotonic()
    events = _Silent()
    sandbox = open_sandbox(root, cache=root.parent / "installed")
    ports = Ports(OfflineModel(), events, MemoryJournal(events, root), sandbox, LocalBudget(), CancelFlag())
    work = PhaseContext(TaskSpec("", output_mode="patch_existing"), root, ports, "baseline")
    await work.find_out("profile")
    work.changed = await list_files(root)
    await verification.measure_baseline(work)
    reports = [(part, work.baselines[part.key]) for part in work.tested_parts()]
    return _told(reports, time.monotonic() - begun)


def _told(reports: list[tuple[ProjectPart, JSONObject]], seconds: float) -> Measured:
    report = suites.merged(reports)
    counted = [part.runner for part, own in reports if own["passed"] or own["failed"] or own["skipped"]]
    outcomes = Outcomes(report["passed"], report["failed"], report["skipped"]) if counted else None
    said = dict.fromkeys((report["reason"], "" if counted else report["output_tail"].strip()[-500:]))
    reason = " ".join(said).strip()
    return Measured(outcomes, reason, ", ".join(dict.fromkeys(counted)), report, seconds)


def newly_failing(before: Measured, after: Measured, root: Path) -> list[str]:
    """The names that the product holds against the change between the two, whose working tree is ``root``."""
    found: list[str] = failing_tests.compare(before.report, after.report, root)["newly_failing"]
    return found
