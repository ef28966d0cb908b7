"""What a run takes to know a project before it changes it (profile, install, baseline) beside the project's own command.

Each of our measurements is a run of its own, on a fresh checkout, of a project that was run before. By hand is the same command
in the same kind of sandbox by someone who stays there: installed, compiled, and with nothing read of what it prints. The two
alternate.
"""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from pathlib import Path

from agent.checks.project import read_profile
from agent.in_memory import MemoryJournal
from agent.projects import ProjectPart
from agent.sandbox import WorkdirSandbox, open_sandbox
from benchmarks.report import ReportLine, Yardstick, percentile
from benchmarks.warm_projects import projects
from evals.repositories.ours import measure

MAX_ADDED = 10.0
"""Percent."""
FORGET = {"go": ("go", "clean", "-testcache")}
"""What makes a runner run tests again whose result it knows, by ecosystem."""


def main(quick: bool = False) -> list[ReportLine]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        return [_line(Path(place) / name, name, files, 3 if quick else 7) for name, files in projects()]


def _line(place: Path, name: str, files: dict[str, str], times: int) -> ReportLine:
    _write(place / "by-hand", files)
    hand = asyncio.run(ByHand.ready(place / "by-hand", place / "installed"))
    _ours(place, "warm-up", files)
    by_hand, ours = [], []
    for number in range(times):
        by_hand.append(asyncio.run(hand.seconds()))
        ours.append(_ours(place, f"run-{number}", files))
    first, second = percentile(by_hand, 50), percentile(ours, 50)
    by_itself = Yardstick("its own command by hand", first, 1 + MAX_ADDED / 100)
    return ReportLine(f"{name}: profile, install and baseline, p50", second, "s", yardstick=by_itself)


def _write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)


def _ours(place: Path, name: str, files: dict[str, str]) -> float:
    """Seconds. Raises RuntimeError where the tests were not counted: a number would say nothing then."""
    _write(place / name, files)
    found = measure(place / name)
    if found.outcomes is None or found.report["status"] != "passed":
        raise RuntimeError(f"The tests of the project in {name} did not pass: {found.reason}")
    return found.seconds


class ByHand:
    """One sandbox in which the project's own command is run again and again."""

    def __init__(self, sandbox: WorkdirSandbox, part: ProjectPart) -> None:
        self._sandbox = sandbox
        self._part = part

    @classmethod
    async def ready(cls, root: Path, cache: Path) -> ByHand:
        profile, _ = await read_profile(root, MemoryJournal(_Nobody(), root), "profile", {}, None)
        hand = cls(open_sandbox(root, cache=cache), profile.parts[0])
        await hand._sandbox.install(hand._part)
        await hand.seconds()
        return hand

    async def seconds(self) -> float:
        if self._part.ecosystem in FORGET:
            await self._sandbox.run(FORGET[self._part.ecosystem])
        result = await self._sandbox.run(self._part.test)
        if not result.ok:
            raise RuntimeError(f"`{' '.join(self._part.test)}` failed: {result.output_tail[-500:]}")
        return result.duration_ms / 1000


class _Nobody:
    async def emit(self, type: str, data: dict[str, object], message: str = "") -> None:
        """Nobody watches."""

    def text(self, role: str, text: str) -> None:
        """No model speaks."""
