"""Removes mirrors when they take too much disk space, except those in use or being fetched.

Reads the layout that `mirror` describes.
"""

from __future__ import annotations

import shutil
import uuid
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from .locks import attempt


def generations(place: Path) -> list[int]:
    """The numbers of the repositories in a mirror, the newest last."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return sorted(int(entry.name) for entry in place.iterdir() if entry.name.isdecimal())
    return []


def size_of(directory: Path) -> int:
    """Bytes on disk."""
    total = 0
    for path in directory.rglob("*"):
        with suppress(FileNotFoundError):
            total += path.lstat().st_blocks * 512
    return total


def make_room(root: Path) -> list[Path]:
    """Removes the least recently used mirrors until all under ``root`` take at most MGX_MIRRORS_MB.

    Returns those that were removed.
    """
    found = []
    for place in root.glob("*/*"):
        forget(place, spare=1)
        for number in generations(place)[-1:]:
            with suppress(FileNotFoundError):
                found.append(((place / str(number) / "mgx.lock").stat().st_mtime_ns, size_of(place), place))
    total = sum(size for _, size, _ in found)
    gone = []
    for _, size, place in sorted(found):
        if total <= settings.MGX_MIRRORS_MB * 1_000_000:
            break
        if forget(place):
            total -= size
            gone.append(place)
    return gone


def forget(place: Path, *, spare: int = 0) -> bool:
    """Removes the mirror at ``place`` except its ``spare`` newest repositories. Returns whether everything was removed.

    What is in use stays; nothing is removed during a fetch.
    """
    lock = attempt(place / "fetch.lock", make=False)
    if lock is None:
        return not generations(place)
    with lock:
        for left in place.glob("gone-*"):
            shutil.rmtree(left, ignore_errors=True)
        numbers = generations(place)
        kept = [number for number in numbers[: len(numbers) - spare] if not _drop(place / str(number))]
        return not kept


def _drop(git_dir: Path) -> bool:
    """Renames the directory before deleting it, so that nobody finds half of it."""
    lock = attempt(git_dir / "mgx.lock")
    if lock is None:
        return False
    with lock:
        gone = git_dir.with_name(f"gone-{uuid.uuid4().hex}")
        git_dir.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
    return True
