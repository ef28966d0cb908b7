"""Runs cases, several at a time if wanted, and gives their results in the order of the cases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from agent.errors import ModelFailed
from agent.prompt_versions import VERSION
from evals.attempt import AttemptBounds, attempt
from evals.cases import Case
from evals.connections import Connection, recording
from evals.recorded import RecordingModel, ReplayModel
from evals.results import Report, Result

Progress = Callable[[Result, int, int], None]
"""Called with each result as it comes, how many are done, and of how many."""


async def run(
    cases: Sequence[Case],
    connection: Connection,
    *,
    cache: Path,
    bounds: AttemptBounds,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Report:
    """``agent.runtime.bootstrap`` must have run in this process."""
    done: list[Result] = []
    free = asyncio.Semaphore(jobs)

    async def one(case: Case) -> Result:
        async with free:
            result = await _one(case, connection, cache, bounds)
        done.append(result)
        if progress:
            progress(result, len(done), len(cases))
        return result

    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    results = await asyncio.gather(*(one(case) for case in cases))
    return Report(made_at, connection.name, VERSION, results)


async def _one(case: Case, connection: Connection, cache: Path, bounds: AttemptBounds) -> Result:
    try:
        model = connection.open(case)
    except ModelFailed as error:
        return Result(
            case.id, case.title, case.kind, case.stack, case.task, "failed", False, f"{error.detail} {error.hint}".strip()
        )
    result = await attempt(case, model, cache, bounds)
    if result.status == "skipped":
        return result
    if isinstance(model, RecordingModel) and connection.record:
        model.save(recording(connection.record, case), case=case.id, patch_sha256=result.patch_sha256)
    if isinstance(model, ReplayModel) and model.patch_sha256 != result.patch_sha256:
        said = f"The recording made the patch {model.patch_sha256[:12]}, this run {result.patch_sha256[:12]}."
        return replace(result, solved=False, why=f"{said} {result.why}".strip())
    return result
