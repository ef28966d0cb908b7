"""Where a toolchain lies on this machine, and the directory in which one sandbox keeps what it builds."""

from __future__ import annotations

import shutil
import subprocess
import threading
import uuid
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from agent.sandbox import environment_cache

DIRECTORY_AGE = 7 * 24 * 3600.0
"""Seconds after which what a sandbox has built belongs to nobody alive."""


class BuildDirectory:
    """A directory below ``cache`` for compiled files, removed with this object. No other sandbox sees it: what is found there
    is trusted by compilers. What is in ``afterwards`` is called then, in a thread: nobody waits for it."""

    def __init__(self, cache: Path) -> None:
        parent = cache / "compiled"
        parent.mkdir(parents=True, exist_ok=True)
        environment_cache.prune(parent, draft_age=DIRECTORY_AGE)
        self.path = parent / f".{uuid.uuid4().hex}"
        self.path.mkdir()
        self.afterwards: list[Callable[[], object]] = []
        self.release = weakref.finalize(self, _release, self.path, self.afterwards)


def _release(path: Path, afterwards: Sequence[Callable[[], object]]) -> None:
    shutil.rmtree(path, ignore_errors=True)
    for act in afterwards:
        with suppress(RuntimeError):  # this process is ending, and starts no thread any more
            threading.Thread(target=act, name="after-build", daemon=True).start()


@cache
def home_of(program: str, question: Sequence[str]) -> Path | None:
    """The directory that the toolchain of ``program`` names as its own, asked in a directory without settings; None where the
    program is absent, does not answer, or is not installed in full."""
    found = shutil.which(program)
    if found is None:
        return None
    try:
        answer = subprocess.run([found, *question], cwd="/", capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    home = Path(answer.strip() or "/nowhere").resolve()
    return home if (home / "bin").is_dir() else None
