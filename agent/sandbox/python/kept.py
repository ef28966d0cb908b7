"""Something that is made once and kept under its key, by any number of processes at the same time."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

from agent.sandbox import environment_cache


def digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


async def kept(target: Path, marker: str, make: Callable[[Path], Awaitable[bool]]) -> tuple[environment_cache.Hold, bool]:
    """Has ``target`` made, unless it is there with the file ``marker`` in it. Gives a hold on it, while which lives it is not
    removed, and whether it was there.

    ``make`` fills a directory of another name and says whether that is good; if not, nothing is kept. Each of several processes
    makes its own, and the first to finish names it.
    """
    hold = await asyncio.to_thread(environment_cache.Hold, target)
    if (target / marker).is_file():
        environment_cache.mark_used(target)
        return hold, True
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.parent / f".{target.name[:16]}-{uuid.uuid4().hex[:8]}"
    draft.mkdir()
    try:
        made = await make(draft)
        if made:
            _name(draft, target, marker)
    finally:
        if draft.exists():
            await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)
    if made:
        await asyncio.to_thread(environment_cache.prune, target.parent)
    return hold, False


def _name(draft: Path, target: Path, marker: str) -> None:
    """Gives the finished directory its name, unless another process was first."""
    try:
        os.rename(draft, target)
    except OSError:
        if not (target / marker).is_file():
            raise
