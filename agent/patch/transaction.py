"""Swaps a set of files into a tree so that after any crash, kill or full disk the tree is exactly before or exactly after.

The protocol, all inside ``.mgx/`` of the tree and under a lock:

1. stage: new files are written to ``.mgx/txn/new-N`` and the old ones copied to ``.mgx/backups/<n>/N``, all fsynced;
2. ``.mgx/txn/record.json`` is renamed into place: from here the tree counts as half-way;
3. swap: directories are made, staged files renamed over their targets;
4. the record is renamed into the backup directory: from here the tree counts as changed.

A record found at step 3 means going back: renames of copies that exist already, which needs no space on the disk. Staged files
without a record mean that nothing happened yet. Recovery may itself be killed and repeated.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from agent.patch.backups import prune_backups
from agent.patch.recovery_record import NAME as RECORD
from agent.patch.recovery_record import RecoveryEntry, dump, load
from agent.patch.tree import Blocked, Tree

log = structlog.stdlib.get_logger(__name__)

HOME = ".mgx"


@dataclass(frozen=True)
class FileSwap:
    """One file to be swapped: ``new`` None deletes it, ``old`` None says that it doesn't exist yet. ``mode`` in octal bits;
    ``old_mode`` where it differs."""

    path: str
    old: bytes | None
    new: bytes | None
    mode: int
    old_mode: int | None = None


def commit(root: Path, changes: Sequence[FileSwap]) -> str | None:
    """Applies all ``changes`` or none; returns the name of the backup. Raises OSError, with the tree as it was before."""
    if not changes:
        return None
    with locked(root) as home:
        _recover(root, home)
        backup = home / "backups" / _next_name(home / "backups")
        try:
            record = _stage(home, backup, changes, root)
            _write_record(home, record)
            _swap(root, home, record)
            os.rename(home / "txn" / RECORD, backup / RECORD)
        except BaseException:
            _recover(root, home)
            raise
        try:
            _sync_dir(backup)
            _clear(home)
            prune_backups(root)
        except OSError as error:
            log.warning("the change is made, but tidying up after it failed", directory=str(home), error=str(error))
        return backup.name


def recover(root: Path) -> bool:
    """Takes back what an interrupted ``commit`` left half done; True when there was something. Raises ``Blocked``."""
    if not (root / HOME / "txn").is_dir():
        return False
    with locked(root) as home:
        return _recover(root, home)


@contextmanager
def locked(root: Path) -> Iterator[Path]:
    """Holds the tree's lock; gives its ``.mgx`` directory, which hides itself from git. Raises ``Blocked``."""
    home = root / HOME
    with suppress(FileExistsError):
        home.mkdir(mode=0o700)
    for path in (home, home / "txn", home / "backups"):
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise Blocked("symlink", f"{path.relative_to(root)} is not a directory of this program; remove it")
    with suppress(FileExistsError):
        _write(home / ".gitignore", b"*\n", 0o644)
    fd = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield home
    finally:
        os.close(fd)


def _stage(home: Path, backup: Path, changes: Sequence[FileSwap], root: Path) -> list[RecoveryEntry]:
    txn = home / "txn"
    txn.mkdir(mode=0o700)
    backup.mkdir(mode=0o700, parents=True)
    record = []
    with Tree(root) as tree:
        for number, change in enumerate(changes):
            if change.old is not None:
                _write(backup / str(number), change.old, change.mode if change.old_mode is None else change.old_mode)
            if change.new is not None:
                _write(txn / f"new-{number}", change.new, change.mode)
            kept = f"backups/{backup.name}/{number}" if change.old is not None else None
            digest = hashlib.sha256(change.new).hexdigest() if change.new is not None else None
            record.append(RecoveryEntry(change.path, number, kept, digest, tree.missing_parents(change.path)))
    for directory in (txn, backup, backup.parent, home):
        _sync_dir(directory)
    return record


def _write_record(home: Path, record: list[RecoveryEntry]) -> None:
    draft = home / "txn" / "record.draft"
    _write(draft, dump(record), 0o600)
    os.rename(draft, home / "txn" / RECORD)
    _sync_dir(home / "txn")


def _swap(root: Path, home: Path, record: list[RecoveryEntry]) -> None:
    txn_fd = os.open(home / "txn", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with Tree(root) as tree:
            for entry in record:
                tree.make_parents(entry.path)
                with tree.parent(entry.path) as (fd, name):
                    if entry.digest is None:
                        os.unlink(name, dir_fd=fd)
                    else:
                        os.rename(f"new-{entry.number}", name, src_dir_fd=txn_fd, dst_dir_fd=fd)
                    os.fsync(fd)
    finally:
        os.close(txn_fd)


def _recover(root: Path, home: Path) -> bool:
    path = home / "txn" / RECORD
    if not (home / "txn").is_dir():
        return False
    if path.is_file():
        record = load(home / "txn")
        home_fd = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with Tree(root) as tree:
                for entry in reversed(record):
                    _take_back(tree, home_fd, entry)
        finally:
            os.close(home_fd)
        path.unlink()
        _sync_dir(home / "txn")
    _clear(home)
    return True


def _is_regular(fd: int, path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path, dir_fd=fd, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _take_back(tree: Tree, home_fd: int, entry: RecoveryEntry) -> None:
    path, kept = entry.path, entry.backup
    try:
        with tree.parent(path) as (fd, name):
            if kept is not None:
                if _is_regular(home_fd, kept):
                    os.rename(kept, name, src_dir_fd=home_fd, dst_dir_fd=fd)
            elif _holds(tree, path, entry.digest):
                os.unlink(name, dir_fd=fd)
            os.fsync(fd)
    except FileNotFoundError:
        pass  # a directory above it was not made yet, but one above that may have been
    for directory in reversed(entry.directories):
        try:
            with tree.parent(directory) as (fd, name):
                os.rmdir(name, dir_fd=fd)
        except FileNotFoundError:
            continue
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise


def _holds(tree: Tree, path: str, digest: str | None) -> bool:
    """True when the file is the one that was swapped in: a stranger's file of the same name is left alone."""
    found = tree.read(path)
    return found is not None and hashlib.sha256(found[0]).hexdigest() == digest


def _clear(home: Path) -> None:
    """Removes the staging directory and backups whose transaction never ended."""
    shutil.rmtree(home / "txn", ignore_errors=True)
    backups = home / "backups"
    for path in backups.iterdir() if backups.is_dir() else ():
        if not (path / RECORD).is_file():
            shutil.rmtree(path, ignore_errors=True)


def _write(path: Path, data: bytes, mode: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]
        os.fchmod(fd, mode)
        os.fsync(fd)
    finally:
        os.close(fd)


def _sync_dir(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _next_name(backups: Path) -> str:
    numbers = [int(path.name) for path in backups.iterdir() if path.name.isdigit()] if backups.is_dir() else []
    return str(max(numbers, default=0) + 1)
