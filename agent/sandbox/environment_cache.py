"""Installed environments that are kept between runs: held while someone uses them, removed when nobody did for long.

Each has a lock file of its own, shared by those who use or make it and taken alone by whoever removes it (flock(2)). Lock files
are empty and stay: removing one would let two processes hold locks of the same name.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
import uuid
import weakref
from contextlib import suppress
from pathlib import Path

import structlog

log = structlog.stdlib.get_logger(__name__)

MAX_AGE = 14 * 24 * 3600.0
"""Seconds since an environment was last used."""
MAX_BYTES = 4 << 30
"""Of all environments of one kind; the ones used last stay."""
DRAFT_AGE = 24 * 3600.0
"""Seconds after which something half-made belongs to nobody alive."""


class Hold:
    """A shared lock on one environment, for as long as this object lives. Taking it waits for a removal to end."""

    def __init__(self, place: Path) -> None:
        fd = _open(place)
        try:
            fcntl.flock(fd, fcntl.LOCK_SH)
        except BaseException:
            os.close(fd)
            raise
        self.release = weakref.finalize(self, os.close, fd)


def mark_used(place: Path) -> None:
    """Notes that the environment at ``place`` is used now."""
    with suppress(OSError):
        os.utime(place)


def prune(parent: Path, *, max_age: float = MAX_AGE, max_bytes: int = MAX_BYTES, draft_age: float = DRAFT_AGE) -> list[Path]:
    """Removes environments under ``parent`` that nobody holds and that are too old or too many; returns them."""
    now = time.time()
    found: list[tuple[float, Path]] = []
    for place in parent.iterdir():
        age = now - place.stat().st_mtime
        if not place.name.startswith("."):
            found.append((age, place))
        elif age > draft_age:
            shutil.rmtree(place, ignore_errors=True)
    removed, total = [], 0
    for age, place in sorted(found):
        total += _size(place)
        if (age > max_age or total > max_bytes) and _remove(place):
            removed.append(place)
    if removed:
        log.info("unused environments are removed", number=len(removed), directory=str(parent))
    return removed


def _open(place: Path) -> int:
    locks = place.parent.parent / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    return os.open(locks / f"{place.parent.name}-{place.name}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _remove(place: Path) -> bool:
    """False where someone holds it."""
    fd = _open(place)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        dead = place.with_name(f".{place.name[:16]}-{uuid.uuid4().hex[:8]}")
        os.rename(place, dead)
    except OSError:
        return False
    finally:
        os.close(fd)
    shutil.rmtree(dead, ignore_errors=True)
    return True


def _size(place: Path) -> int:
    """Bytes of the files below ``place``; a file with several names counts as often."""
    total = 0
    for folder, _, names in os.walk(place):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size
    return total
