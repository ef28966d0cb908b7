"""Read-only git commands that run nothing of the repository: no hooks, no pagers, no programs from its settings."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from agent.children import child
from agent.context.paths import is_clone_of_run

TIMEOUT = 30.0
MAX_OUTPUT = 32 * 1024 * 1024
# a repository's own settings may name programs (a monitor, a signature checker, diff filters): they are switched off here
HARDENED = (
    "git", "--no-pager", "--no-optional-locks", "--literal-pathspecs", "-c", "core.fsmonitor=false", "-c", "safe.directory=*",
    "-c", "log.showSignature=false", "-c", "diff.external=", "-c", "protocol.allow=never",
)  # fmt: skip


async def ask_git(root: Path, *argv: str, timeout: float = TIMEOUT) -> str | None:
    """What ``git *argv`` prints in ``root``; None where there is no git, or it fails, says too much or takes too long."""
    if not (root / ".git").exists():
        return None
    return await _ask(root, argv, timeout)


async def ask_history(root: Path, *argv: str, paths: Sequence[str] = (), timeout: float = TIMEOUT) -> str | None:
    """As `ask_git`, for commands that read commits: also in the clone of a run, whose git directory lies beside its workdir and
    holds the commit that the run began at under ``refs/mgx``."""
    if is_clone_of_run(root):
        return await _ask(root.parent / "git", (*argv, "--glob=refs/mgx/*", "--", *paths), timeout)
    return await ask_git(root, *argv, "HEAD", "--", *paths, timeout=timeout)


async def _ask(root: Path, argv: Sequence[str], timeout: float) -> str | None:
    quiet = asyncio.subprocess.DEVNULL
    env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent",
           "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}  # fmt: skip
    try:
        async with child(
            *HARDENED, "-C", str(root), *argv, stdin=quiet, stdout=asyncio.subprocess.PIPE, stderr=quiet, env=env
        ) as process:
            assert process.stdout is not None
            output = bytearray()
            async with asyncio.timeout(timeout):
                while chunk := await process.stdout.read(1 << 16):
                    output += chunk
                    if len(output) > MAX_OUTPUT:
                        return None
                status = await process.wait()
    except (FileNotFoundError, TimeoutError):
        return None
    return output.decode("utf-8", "replace") if status == 0 else None
