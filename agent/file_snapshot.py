"""What lies in a directory, so that what a program does to it can be undone. Read into memory: for directories without git's
trees beside them, of a size that a person works in.
"""

from __future__ import annotations

import os
import shutil
import stat
import uuid
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from agent.file_states import State, state_of

UNWATCHED = frozenset((".git", ".mgx", ".venv", "node_modules", "__pycache__"))
"""Folders in which everything stays as a program leaves it: they may hold gigabytes, and nobody takes them for a change."""


class FileSnapshot:
    """Files and links below ``root`` as they are now. What nobody touched since an ``earlier`` one is not read again."""

    def __init__(self, root: Path, earlier: FileSnapshot | None = None) -> None:
        self._root = root
        self._states = _states(root)
        known = earlier if earlier is not None and earlier._root == root else None
        self._contents: dict[str, bytes | None] = {
            path: known._contents[path] if known is not None and known._states.get(path) == state else _content(root / path)
            for path, state in self._states.items()
            if stat.S_ISREG(state[0])
        }
        self._targets = {path: os.readlink(root / path) for path, state in self._states.items() if stat.S_ISLNK(state[0])}

    def restore(self, but: Collection[str]) -> None:
        """Makes all as it was, the paths in ``but`` excepted. A file is swapped for its old content, never emptied first."""
        self._open_folders()
        now = _states(self._root)
        changed = {path for path in now.keys() | self._states.keys() if now.get(path) != self._states.get(path)} - set(but)
        # what is deeper goes first: a folder may have become a file, or a file a folder
        for path in sorted(changed & now.keys(), reverse=True):
            before = self._states.get(path)
            if before is None or stat.S_IFMT(before[0]) != stat.S_IFMT(now[path][0]):
                _remove(self._root / path)
        for path in sorted(changed & self._states.keys()):
            self._put_back(path, self._states[path][0])

    def _open_folders(self) -> None:
        """Gives the folders their rights back: what is in them could not be seen."""
        for path, (mode, *_) in sorted(self._states.items()):
            place = self._root / path
            if stat.S_ISDIR(mode) and place.is_dir() and not place.is_symlink():
                place.chmod(stat.S_IMODE(mode))

    def _put_back(self, path: str, mode: int) -> None:
        place = self._root / path
        if stat.S_ISDIR(mode):
            place.mkdir(parents=True, exist_ok=True)
            return
        content, target = self._contents.get(path), self._targets.get(path)
        if content is None and target is None:
            return  # could not be read before, or is a device: it is left alone
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(f".{uuid.uuid4().hex}")
        if target is not None:
            draft.symlink_to(target)
        elif content is not None:
            draft.write_bytes(content)
            draft.chmod(stat.S_IMODE(mode))
        draft.replace(place)


def _states(root: Path) -> dict[str, State]:
    """Path → state of all below ``root``."""
    found: dict[str, State] = {}
    waiting = [""]
    while waiting:
        for entry in _entries(root / waiting.pop()):
            path = os.path.relpath(entry.path, root)
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder and entry.name in UNWATCHED:
                continue
            found[path] = state_of(entry.stat(follow_symlinks=False))
            waiting += [path] if is_folder else []
    return found


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Raises OSError where it can't be read even by its owner."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except PermissionError:
        folder.chmod(0o700)
        with os.scandir(folder) as entries:
            return list(entries)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except PermissionError:
        return None


def _remove(path: Path) -> None:
    """A folder only where nothing is left in it but what is not watched: a path that is kept may be below."""
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    if {entry.name for entry in _entries(path)} <= UNWATCHED:
        with suppress(OSError):
            shutil.rmtree(path)
