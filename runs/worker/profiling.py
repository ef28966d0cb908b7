"""Profiles a phase if the run asks for it, and stores the flame graph as an artifact.

The profiler samples the calling thread and follows the tasks that the phase starts, and no other: runs beside it in the process
are neither seen nor slowed. It records names of functions, files and lines, never a value.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from .. import artifacts
from ..errors import LeaseLost
from ..models import Artifact, TaskRun

if TYPE_CHECKING:
    from pyinstrument import Profiler

    from .execution import Execution

log = structlog.stdlib.get_logger(__name__)
SECONDS = 0.001
"""Between two samples."""
MAX_CHARACTERS = 20_000_000
"""Of a graph with everything in it: what a browser still opens."""


async def profiled(work: Execution, phase: Callable[[Execution], Awaitable[TaskRun]]) -> TaskRun:
    """Executes ``phase`` and stores its profile, whatever the outcome."""
    # Only a run that asks for it pays for the import.
    from pyinstrument import Profiler

    run = work.run
    name = f"profile-{run.status}-{run.fence}.speedscope.json"
    profiler = Profiler(interval=SECONDS, async_mode="enabled")
    profiler.start()
    try:
        return await phase(work)
    finally:
        profiler.stop()
        if not isinstance(work.lease.reason, LeaseLost):
            try:
                await work.db(_keep, run, name, flame_graph(profiler, name))
            except Exception:  # a run never fails because its profile could not be stored
                log.exception("a profile could not be kept", name=name)


def flame_graph(profiler: Profiler, name: str) -> bytes:
    """The profile in the format of https://www.speedscope.app, without the paths of this machine."""
    from pyinstrument.renderers import SpeedscopeRenderer

    text = profiler.output(SpeedscopeRenderer(show_all=True))
    if len(text) > MAX_CHARACTERS:
        text = profiler.output(SpeedscopeRenderer())  # without what took less than 1 %
    document = json.loads(text)
    document["name"] = name
    for profile in document["profiles"]:
        profile["name"] = name
    roots = sorted((f"{Path(entry or '.').resolve()}/" for entry in sys.path), key=len, reverse=True)
    for frame in document["shared"]["frames"]:
        if frame.get("file"):
            frame["file"] = _short(frame["file"], roots)
    return json.dumps(document, separators=(",", ":")).encode()


def _short(file: str, roots: list[str]) -> str:
    """Relative to where it is imported from."""
    root = next((root for root in roots if file.startswith(root)), None)
    return file.removeprefix(root) if root else Path(file).name


def _keep(run: TaskRun, name: str, content: bytes) -> None:
    artifacts.store(run, name, content, kind=Artifact.Kind.PROFILE, content_type="application/json")
