"""That the cases themselves are right: hidden tests fail on the repository as it is and pass with the reference solution."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from agent.errors import SandboxFailed
from agent.patch import EditsInvalid, PatchRejected, apply_patch
from evals import worktree
from evals.cases import Case
from evals.judge import Verdict, judge, kept_to


async def check_all(cases: Sequence[Case], cache: Path, *, jobs: int = 1) -> list[tuple[Case, str]]:
    """Each case with what ``check`` says of it."""
    free = asyncio.Semaphore(jobs)

    async def one(case: Case) -> tuple[Case, str]:
        async with free:
            return case, await check(case, cache)

    return await asyncio.gather(*(one(case) for case in cases))


async def check(case: Case, cache: Path) -> str:
    """What is wrong with the case, in a sentence; empty where nothing is, or where ``missing`` says that it can't be tried."""
    if not case.judged or case.missing():
        return ""
    with tempfile.TemporaryDirectory(prefix="mgx-eval-check-") as directory:
        root = Path(directory) / "project"
        worktree.prepare(case.repo, root)
        try:
            before = await judge(case, root, cache)
            if before.right:
                return "its hidden tests pass before anything is done."
            apply_patch(root, case.solution)
            after = await judge(case, root, cache)
        except (EditsInvalid, PatchRejected) as error:
            return f"its solution can't be applied: {error}"
        except SandboxFailed as error:
            return f"{error.detail} {error.hint}"
        patch = worktree.patch_of(root)
        strayed = kept_to(case, worktree.changed_files(root), patch)
    return _told(after) or strayed


def _told(after: Verdict) -> str:
    return "" if after.right else f"with its solution: {after.why}\n{after.output}"
