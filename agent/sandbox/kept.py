"""Makes a directory of the cache once, however many processes want it at a time."""

from __future__ import annotations

import asyncio
import hashlib
import os
import platform
import shutil
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from agent.ports import CommandResult
from agent.sandbox import environment_cache


async def kept(
    target: Path, argv: Sequence[str], fill: Callable[[Path], Awaitable[CommandResult]]
) -> tuple[CommandResult, Path | None, environment_cache.Hold]:
    """The directory ``target`` of the cache, filled by ``fill`` where it is missing; None if that failed. The hold keeps it
    from being removed. Each process fills one with a name of its own, and the first to finish names it."""
    hold = await asyncio.to_thread(environment_cache.Hold, target)
    if await asyncio.to_thread(target.is_dir):
        environment_cache.mark_used(target)
        return CommandResult(argv, 0, 0, "The packages are cached.\n"), target, hold
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.parent / f".{target.name[:16]}-{uuid.uuid4().hex[:8]}"
    draft.mkdir()
    try:
        result = await fill(draft)
        if result.ok:
            _name(draft, target)
    finally:
        if draft.exists():
            await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)
    if result.ok:
        await asyncio.to_thread(environment_cache.prune, target.parent)
    return result, target if result.ok else None, hold


def write_files(directory: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        place = directory / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


def key_of(*texts: str) -> str:
    """Another one for another machine or C library."""
    return hashlib.sha256("\0".join((platform.machine(), platform.libc_ver()[0], *texts)).encode()).hexdigest()


def _name(draft: Path, target: Path) -> None:
    try:
        os.rename(draft, target)
    except OSError:
        if not target.is_dir():  # else another process was first
            raise
