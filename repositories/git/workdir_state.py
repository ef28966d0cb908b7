"""What lies in a workdir that is known to be exactly a tree, so that what a program leaves there is seen without asking git.

By lstat alone (``agent.file_states``). Where more was done than that something was added, git puts things right.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from agent.file_states import State, state_of

MAX_ENTRIES = 200_000
"""Beyond that git is asked each time, which is slower and needs no memory."""
TICK = 0.02
"""Seconds in which the kernel may give two changes of a file the same time (a tick of its clock, at most 10 ms)."""


class WorkdirState:
    """Of all that is below ``root`` now, which nothing may be writing to."""

    def __init__(self, root: Path, entries: dict[str, State]) -> None:
        self._root = root
        self._entries = entries
        self._taken = time.monotonic()

    @classmethod
    def of(cls, root: Path) -> WorkdirState | None:
        """None where it can't be told: too many entries, unreadable ones, or a file system whose clock counts in seconds."""
        found: dict[str, State] = {}
        waiting = [""]
        try:
            while waiting:
                for path, state in _entries(root, waiting.pop()):
                    found[path] = state
                    if stat.S_ISDIR(state[0]):
                        waiting.append(path)
                if len(found) > MAX_ENTRIES:
                    return None
        except OSError:
            return None
        times = [state[-1] for state in found.values() if not stat.S_ISDIR(state[0])]
        if times and not any(at % 1_000_000_000 for at in times):
            return None
        return cls(root, found)

    async def settled(self) -> None:
        """Waits until a change from now on has another time than what was seen. Rarely at all."""
        await asyncio.sleep(max(0.0, self._taken + TICK - time.monotonic()))

    def renew(self, written: Collection[str]) -> bool:
        """Sees these paths as they are now: they belong to the tree. False where it can't: it must be forgotten then."""
        for path in written:
            before = self._entries.pop(path, None)
            if before is not None and stat.S_ISDIR(before[0]):
                for old in [old for old in self._entries if old.startswith(f"{path}/")]:
                    del self._entries[old]
            try:
                about = os.lstat(self._root / path)
            except (FileNotFoundError, NotADirectoryError):
                self._leave_out_empty(os.path.dirname(path))
                continue
            except OSError:
                return False
            if stat.S_ISDIR(about.st_mode) or not self._add_folders(os.path.dirname(path)):
                return False
            self._entries[path] = state_of(about)
        self._taken = time.monotonic()
        return True

    def undo_additions(self) -> bool:
        """Removes what was added since; False where anything else was done as well, or it can't be removed."""
        added, seen, waiting = [], 0, [""]
        with suppress(OSError):
            while waiting:
                for path, state in _entries(self._root, waiting.pop()):
                    known = self._entries.get(path)
                    if known is None:
                        added.append(path)
                        continue
                    if known != state:
                        return False
                    seen += 1
                    if stat.S_ISDIR(state[0]):
                        waiting.append(path)
            if seen != len(self._entries):
                return False
            for path in added:
                _remove(self._root / path)
            return True
        return False

    def _add_folders(self, folder: str) -> bool:
        while folder and folder not in self._entries:
            about = os.lstat(self._root / folder)
            if not stat.S_ISDIR(about.st_mode):
                return False
            self._entries[folder] = state_of(about)
            folder = os.path.dirname(folder)
        return not folder or stat.S_ISDIR(self._entries[folder][0])

    def _leave_out_empty(self, folder: str) -> None:
        """Git knows no empty folders: one whose last file went is not part of the tree."""
        while folder in self._entries and not any(path.startswith(f"{folder}/") for path in self._entries):
            del self._entries[folder]
            folder = os.path.dirname(folder)


def _entries(root: Path, folder: str) -> list[tuple[str, State]]:
    with os.scandir(root / folder if folder else root) as inside:
        return [
            (f"{folder}/{entry.name}" if folder else entry.name, state_of(entry.stat(follow_symlinks=False)))
            for entry in inside
        ]


def _remove(place: Path) -> None:
    if place.is_symlink() or not place.is_dir():
        place.unlink()
    else:
        shutil.rmtree(place)
