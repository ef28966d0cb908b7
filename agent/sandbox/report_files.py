"""The files in which a command reports, such as JUnit XML: a directory for each command, and what is read of them."""

from __future__ import annotations

import os
import shutil
import stat
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from agent.real_paths import is_inside
from agent.stacks.globs import matches

REPORTS = "/reports"
"""Where a command sees the directory."""
MAX_BYTES = 16 << 20
"""Of all reports of one command; a suite of 50,000 tests writes about ten megabytes of JUnit XML."""
MAX_FILES = 1_000
MAX_WALKED = 50_000


@contextmanager
def directory(cache: Path, *, wanted: bool) -> Iterator[Path | None]:
    """An empty directory below ``cache``, on the file system whose free space is watched; removed afterwards."""
    if not wanted:
        yield None
        return
    place = cache / "reports" / uuid.uuid4().hex
    place.mkdir(parents=True)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def collect(root: Path, part: str, written: Path | None, globs: Sequence[str]) -> dict[str, str]:
    """path → text of the regular files that ``globs`` match: below ``/reports`` in the directory ``written``, others in the
    directory ``part`` of ``root`` where they are not older than ``written``. At most ``MAX_BYTES``; links are not followed."""
    if written is None:
        return {}
    inside = is_inside(root, root / part)
    began = written.stat().st_ctime_ns
    own = [glob.removeprefix(f"{REPORTS}/") for glob in globs if glob.startswith(f"{REPORTS}/")]
    others = [glob for glob in globs if inside and not glob.startswith("/")]
    found: dict[str, str] = {}
    left = MAX_BYTES
    for base, wanted, prefix, since in ((written, own, f"{REPORTS}/", 0), (root / part, others, "", began)):
        for path in _matching(base, wanted) if wanted else ():
            text = _text(base / path, left, since)
            if text is not None and len(found) < MAX_FILES:
                found[f"{prefix}{path}"] = text
                left -= len(text)
    return found


def _matching(base: Path, globs: Sequence[str]) -> Iterator[str]:
    walked = 0
    for folder, folders, names in os.walk(base):
        folders[:] = sorted(name for name in folders if name not in (".git", "node_modules"))
        for name in sorted(names):
            walked += 1
            if walked > MAX_WALKED:
                return
            path = os.path.relpath(os.path.join(folder, name), base)
            if any(matches(glob, path) for glob in globs):
                yield path


def _text(place: Path, left: int, since: int) -> str | None:
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > left or about.st_mtime_ns < since:
            return None
        return file.read(left).decode("utf-8", "replace")
