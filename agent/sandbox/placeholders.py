"""Empty files that mounts of the sandbox lie on while a command runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agent.real_paths import real


@contextmanager
def empty_file(root: Path, path: str) -> Iterator[bool]:
    """An empty file at ``path`` in ``root``, with the folders that it needs; all of it goes afterwards. False where something
    is there already, or behind a link: then nothing is made."""
    place = root / path
    made: list[Path] = []
    try:
        yield _make(root, place, made)
    finally:
        with suppress(OSError):
            for entry in reversed(made):
                if entry.is_dir() and not entry.is_symlink():
                    entry.rmdir()
                elif entry.lstat().st_size == 0:
                    entry.unlink()


def _make(root: Path, place: Path, made: list[Path]) -> bool:
    if os.path.lexists(place):
        return False
    try:
        if real(place.parent) != root.resolve() / place.parent.relative_to(root):
            return False
        missing = [folder for folder in place.parents if folder.is_relative_to(root) and not os.path.lexists(folder)]
        for folder in reversed(missing):
            folder.mkdir()
            made.append(folder)
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644))
        made.append(place)
    except OSError:
        return False
    return True
