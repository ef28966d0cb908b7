"""What a sandbox begins with, made before anyone waits for it: its own links to a kept build, or its own copy of one.

Making them takes longer than many a project's tests, so a set is made ahead, when a run has ended. No sandbox sees a set before
it is its own, and each is given once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from agent.sandbox.environment_cache import Hold

NAME = "name"
"""A file beside what is kept, with a name that no other build has: a set is for this build alone."""
DRAFT_AGE = 3600.0
"""Seconds after which a half-made set belongs to nobody alive."""
Put = Callable[[Path, Path], None]
"""Makes at its second argument what a sandbox begins with of the kept build that is its first."""


def name(draft: Path) -> None:
    """Names the build in ``draft``."""
    (draft / NAME).write_text(uuid.uuid4().hex, encoding="ascii")


def take(made: Path, own: Path, folder: str, put: Put) -> None:
    """Puts into ``own``, which must not exist, what was made ahead of the build ``made``, else makes it now. ``folder`` of the
    cache has the sets."""
    ahead = _place(made, folder)
    try:
        if ahead is None:
            raise FileNotFoundError
        os.rename(ahead, own)  # of two that want it one gets it
    except FileNotFoundError:
        put(made, own)


def make(made: Path, folder: str, put: Put) -> None:
    """Makes what the next sandbox with this build begins with, and removes sets of builds that are gone."""
    hold = Hold(made)
    try:
        place = _place(made, folder)
        if place is None or place.exists():
            return
        draft = place.with_name(f".{uuid.uuid4().hex}")
        draft.parent.mkdir(parents=True, exist_ok=True)
        try:
            put(made, draft)
            os.rename(draft, place)
        except OSError:  # another one was first, or the disk is full: it is made when it is needed
            shutil.rmtree(draft, ignore_errors=True)
    finally:
        hold.release()
    _sweep(place.parent, made.parent)


def _place(made: Path, folder: str) -> Path | None:
    """None for a build without a name, which an older version has made, and for one that is gone. Links mean absolute paths, so
    those to a build that was moved are not its own."""
    try:
        own = (made / NAME).read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    return made.parent.parent / folder / f"{made.name}-{hashlib.sha256(f'{made} {own}'.encode()).hexdigest()[:32]}"


def _sweep(laid: Path, builds: Path) -> None:
    for place in laid.iterdir():
        build = builds / place.name.rpartition("-")[0]
        if place.name.startswith("."):
            with suppress(FileNotFoundError):
                if time.time() - place.stat().st_mtime > DRAFT_AGE:
                    shutil.rmtree(place, ignore_errors=True)
        elif _place(build, laid.name) != place:
            shutil.rmtree(place, ignore_errors=True)
