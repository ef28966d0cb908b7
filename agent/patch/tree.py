"""The directory that edits go to, reached only by descriptors: no component of a path is followed through a symbolic link.

Every call starts at the descriptor of the root and opens each directory with O_NOFOLLOW, so a link that appears between the
check and the write is an error, not a way out.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
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


class _Names:
    """The names in a directory, and which of them are the same where case is ignored."""

    def __init__(self, names: Sequence[str]) -> None:
        self.all = frozenset(names)

    @cached_property
    def folded(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in sorted(self.all):
            found.setdefault(folded(name), []).append(name)
        return found


class Tree:
    """An open root directory. ``close`` it, or use it as a context manager. ``still``: it is only read while it is open, so
    the names in a directory are listed once, however many paths lead there."""

    def __init__(self, root: Path, *, still: bool = False) -> None:
        self.fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._listed: dict[str, _Names] | None = {} if still else None

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

    def read(self, path: str, gone: Collection[str] = ()) -> tuple[bytes, int] | None:
        """The bytes and permission bits of a regular file, or None when it doesn't exist. Raises ``Blocked`` for all else, and
        for a path that is another's where case is ignored, unless that one is in ``gone``."""
        try:
            return self.at(path) if self._is_spelled_so(path, gone) else None
        except PermissionError as error:
            raise Blocked("not_readable", "this program may not read it") from error

    def at(self, path: str) -> tuple[bytes, int] | None:
        """As ``read``, however the file system spells the name. Raises PermissionError as well."""
        found = self.stat(path)
        return None if found is None else self._content(path, found)

    def _names(self, directory: str, fd: int) -> _Names:
        if self._listed is None:
            return _Names(os.listdir(fd))
        if directory not in self._listed:
            self._listed[directory] = _Names(os.listdir(fd))
        return self._listed[directory]

    def _content(self, path: str, found: os.stat_result) -> tuple[bytes, int]:
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

    @contextmanager
    def directory(self, path: str) -> Iterator[int]:
        """A descriptor of the directory ``path``, no component of it a link. Raises ``Blocked``, FileNotFoundError."""
        with self.parent(f"{path}/.") as (fd, _):
            yield fd

    def unwritable(self, path: str) -> str | None:
        """Why nothing can be written, replaced or removed at ``path``, as the end of a sentence; None where it can."""
        missing = self.missing_parents(path)
        above = path.split("/")[:-1]
        there = above[: len(above) - len(missing)]
        with self.parent("/".join([*there, "."])) as (fd, _):
            # the kernel answers for the mount and the directory's attributes as well (access(2), EROFS and EPERM)
            if os.access(".", os.W_OK | os.X_OK, dir_fd=fd, effective_ids=True):
                return None
        return f"this program may not write in {'its directory ' + '/'.join(there) if there else 'the project directory'}"

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

    def _is_spelled_so(self, path: str, gone: Collection[str]) -> bool:
        """Whether there is a file of just this name. Refuses a path that is another's on a case-insensitive file system, or
        that enters another repository."""
        fd = os.dup(self.fd)
        try:
            parts = path.split("/")
            for depth, part in enumerate(parts):
                names = self._names("/".join(parts[:depth]), fd)
                if depth and ".git" in names.all:
                    raise Blocked("submodule", f"{'/'.join(parts[:depth])} is a repository of its own")
                if part not in names.all:
                    twins = ("/".join([*parts[:depth], name]) for name in names.folded.get(folded(part), ()))
                    twin = next((name for name in twins if name not in gone), None)
                    if twin is not None:
                        raise Blocked("case_collision", f"the project has {twin}, spelled otherwise")
                    return False
                if depth < len(parts) - 1:
                    fd = _into(fd, part)
            return True
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
