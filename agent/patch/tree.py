"""The directory that edits go to, reached only by descriptors: no component of a path is followed through a symbolic link.

Every call starts at the descriptor of the root and opens each directory with O_NOFOLLOW, so a link that appears between the
check and the write is an error, not a way out.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from agent.patch.paths import folded

_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
MAX_FILE_BYTES = 64 << 20


class Blocked(Exception):
    """What the tree holds forbids the edit; ``code`` names the kind, the text ends a sentence."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Tree:
    """An open root directory. ``close`` it, or use it as a context manager."""

    def __init__(self, root: Path) -> None:
        self.fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        os.close(self.fd)

    def stat(self, path: str) -> os.stat_result | None:
        """The file itself (never a link's target), or None when it or a directory above it is missing."""
        try:
            with self.parent(path) as (fd, name):
                return os.stat(name, dir_fd=fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def read(self, path: str) -> tuple[bytes, int] | None:
        """The bytes and permission bits of a regular file, or None when it doesn't exist. Raises ``Blocked`` for all else."""
        self._check_spelling(path)
        found = self.stat(path)
        if found is None:
            return None
        if stat.S_ISLNK(found.st_mode):
            raise Blocked("symlink", "it is a symbolic link")
        if stat.S_ISDIR(found.st_mode):
            raise Blocked("path_conflict", "it is a directory")
        if not stat.S_ISREG(found.st_mode):
            raise Blocked("path_conflict", "it is not a regular file")
        if found.st_size > MAX_FILE_BYTES:
            raise Blocked("too_large", f"it is larger than {MAX_FILE_BYTES >> 20} MiB")
        with self.parent(path) as (fd, name), os.fdopen(os.open(name, _READ, dir_fd=fd), "rb") as file:
            return file.read(), stat.S_IMODE(found.st_mode)

    @contextmanager
    def parent(self, path: str) -> Iterator[tuple[int, str]]:
        """A descriptor of the directory that holds ``path``, and its last name. Raises ``Blocked``, FileNotFoundError."""
        *above, name = path.split("/")
        fd = os.dup(self.fd)
        try:
            for part in above:
                fd = _into(fd, part)
            yield fd, name
        finally:
            os.close(fd)

    def make_parents(self, path: str) -> list[str]:
        """Makes the missing directories above ``path``; returns those it made, outermost first."""
        made = []
        above = path.split("/")[:-1]
        for depth in range(1, len(above) + 1):
            directory = "/".join(above[:depth])
            if self.stat(directory) is None:
                with self.parent(directory) as (fd, name):
                    os.mkdir(name, 0o777, dir_fd=fd)
                made.append(directory)
        return made

    def missing_parents(self, path: str) -> list[str]:
        above = path.split("/")[:-1]
        directories = ("/".join(above[:depth]) for depth in range(1, len(above) + 1))
        return [directory for directory in directories if self.stat(directory) is None]

    def _check_spelling(self, path: str) -> None:
        """Refuses a path that is another's on a case-insensitive file system, or that enters another repository."""
        fd = os.dup(self.fd)
        try:
            parts = path.split("/")
            for depth, part in enumerate(parts):
                names = os.listdir(fd)
                if depth and ".git" in names:
                    raise Blocked("submodule", f"{'/'.join(parts[:depth])} is a repository of its own")
                if part not in names:
                    twin = next((name for name in names if folded(name) == folded(part)), None)
                    if twin is not None:
                        raise Blocked(
                            "case_collision", f"the project has {'/'.join([*parts[:depth], twin])}, spelled otherwise"
                        )
                    return
                if depth < len(parts) - 1:
                    fd = _into(fd, part)
        finally:
            os.close(fd)


def _into(fd: int, name: str) -> int:
    """Steps from the directory ``fd`` (which it closes on success) into ``name``."""
    try:
        below = os.open(name, _DIR, dir_fd=fd)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            mode = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode):
                raise Blocked("symlink", f"{name} above it is a symbolic link") from error
            raise Blocked("path_conflict", f"{name} above it is a file, not a directory") from error
        raise
    os.close(fd)
    return below
