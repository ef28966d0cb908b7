"""Where a transaction keeps its copies: on the file system of the file that they are for, so that renaming one into place
moves no data, needs no space, and happens at once.

For nearly all files that is ``.mgx`` of the tree. A directory of the tree that another file system is mounted on has a store of
its own while a transaction runs: ``<directory>/.mgx/part``.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from agent.patch.paths import unsafe_reason
from agent.patch.tree import Blocked, Tree

LIST = "mounts.json"
"""In ``.mgx/txn``: the directories that have a store of their own, written before these are made."""

_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PART = ".mgx/part"


class Stores:
    """Descriptors of the directories with the staged and the old copies of one transaction. A context manager."""

    def __init__(self, root: Path, home: Path, tree: Tree) -> None:
        self._root, self._tree = root, tree
        self.home = os.open(home, _DIR)
        self._mount = mount_of(self.home)
        self._open: dict[str, int] = {}

    def __enter__(self) -> Stores:
        return self

    def __exit__(self, *exc: object) -> None:
        for fd in (self.home, *self._open.values()):
            os.close(fd)

    def mount(self, path: str) -> str | None:
        """The directory next above ``path`` that is there already, where another file system is mounted on it; else None."""
        missing = self._tree.missing_parents(path)
        above = path.split("/")[:-1]
        there = "/".join(above[: len(above) - len(missing)])
        if not there:
            return None
        with self._tree.directory(there) as fd:
            return None if mount_of(fd) == self._mount else there

    def make(self, mounts: Sequence[str]) -> None:
        """Makes the store of each of these directories. Raises OSError, ``Blocked``."""
        for mount in mounts:
            with self._tree.directory(mount) as fd, suppress(FileExistsError):
                os.mkdir(".mgx", 0o700, dir_fd=fd)
            with self._tree.directory(f"{mount}/.mgx") as fd:
                shutil.rmtree("part", ignore_errors=True, dir_fd=fd)
                os.mkdir("part", 0o700, dir_fd=fd)

    def of(self, mount: str) -> int:
        """The descriptor of a directory's store. Raises OSError, ``Blocked``."""
        if mount not in self._open:
            with self._tree.directory(f"{mount}/{_PART}") as fd:
                self._open[mount] = os.dup(fd)
        return self._open[mount]

    def remove(self, mounts: Sequence[str]) -> None:
        """Removes the stores of these directories, as far as that can be done."""
        for mount in mounts:
            with suppress(OSError, Blocked), self._tree.directory(f"{mount}/.mgx") as fd:
                shutil.rmtree("part", ignore_errors=True, dir_fd=fd)
            with suppress(OSError, Blocked), self._tree.directory(mount) as fd:
                os.rmdir(".mgx", dir_fd=fd)  # only where nothing else is in it


def mount_of(fd: int) -> tuple[str, int]:
    """What tells two mounts apart: renaming across them is refused even where they show one file system (rename(2))."""
    mounted = ""
    with suppress(OSError), open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as info:
        mounted = next((line.split()[1] for line in info if line.startswith("mnt_id:")), "")
    return mounted, os.fstat(fd).st_dev


def dump(mounts: Sequence[str]) -> bytes:
    return json.dumps(list(mounts)).encode()


def listed(txn: Path) -> list[str]:
    """The directories that an earlier transaction made stores for; what is not such a list counts as none."""
    try:
        found = json.loads((txn / LIST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return []
    paths = [path for path in found if isinstance(path, str)] if isinstance(found, list) else []
    return [path for path in paths if unsafe_reason(path) is None]
