"""Swaps a set of files into a tree so that after any crash, kill or full disk the tree is exactly before or exactly after.

The protocol, all inside ``.mgx/`` of the tree and under a lock:

1. stage: new files are written to ``.mgx/txn/new-N`` and the old ones copied to ``.mgx/backups/<n>/N``, all fsynced;
2. ``.mgx/txn/record.json`` is renamed into place: from here the tree counts as half-way;
3. swap: directories are made, staged files renamed over their targets;
4. the record is renamed into the backup directory: from here the tree counts as changed.

A record found at step 3 means going back (``rollback``): renames of copies that exist already, which needs no space on the
disk. Staged files without a record mean that nothing happened yet. What can't be taken back is set aside and told, and never
stands in the way of the next transaction.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from agent.patch.backups import prune_backups
from agent.patch.paths import folded
from agent.patch.recovery_record import NAME as RECORD
from agent.patch.recovery_record import RecoveryEntry, dump
from agent.patch.rollback import NotTakenBack, discard, take_back
from agent.patch.stores import LIST, Stores
from agent.patch.stores import dump as dump_mounts
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
    """Applies all ``changes`` or none; returns the name of the backup.

    Raises OSError or ``Blocked`` with the tree as it was before; ``NotTakenBack``, an OSError, where not all of it could be.
    """
    if not changes:
        return None
    with locked(root) as home:
        take_back(root, home)
        backup = home / "backups" / _next_name(home / "backups")
        try:
            with Tree(root) as tree, Stores(root, home, tree) as stores:
                record = _stage(tree, stores, home, backup, changes)
                _write_record(home, record)
                _swap(tree, stores, record)
            os.rename(home / "txn" / RECORD, backup / RECORD)
        except BaseException as error:
            problems = take_back(root, home)
            if problems and isinstance(error, Exception):
                raise NotTakenBack(f"The change failed: {error}", problems) from error
            raise
        try:
            _sync_dir(backup)
            with Tree(root) as tree, Stores(root, home, tree) as stores:
                stores.remove(_mounts(record))
            discard(home)
            prune_backups(root)
        except OSError as error:
            log.warning("the change is made, but tidying up after it failed", directory=str(home), error=str(error))
        return backup.name


def recover(root: Path) -> list[str] | None:
    """Takes back what an interrupted ``commit`` left half done. None: there was nothing; else a sentence for each file that
    could not be taken back and is set aside, mostly none. Raises ``Blocked`` where ``.mgx`` is not this program's."""
    if not (root / HOME / "txn").is_dir():
        return None
    with locked(root) as home:
        return take_back(root, home)


@contextmanager
def locked(root: Path) -> Iterator[Path]:
    """Holds the tree's lock; gives its ``.mgx`` directory, which hides itself from git. Raises ``Blocked``."""
    home = root / HOME
    with suppress(FileExistsError):
        home.mkdir(mode=0o700)
    for path in (home, home / "txn", home / "backups"):
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise Blocked("symlink", f"{path.relative_to(root)} is not a directory of this program; remove it")
    fd = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        _hide(home)
        yield home
    finally:
        os.close(fd)


def _hide(home: Path) -> None:
    """An empty one was left by a full disk, or by a kill between its two halves."""
    ignore = home / ".gitignore"
    if not ignore.is_file() or not ignore.stat().st_size:
        ignore.unlink(missing_ok=True)
        _write(ignore, b"*\n", 0o644)


def _stage(tree: Tree, stores: Stores, home: Path, backup: Path, changes: Sequence[FileSwap]) -> list[RecoveryEntry]:
    txn = home / "txn"
    txn.mkdir(mode=0o700)
    backup.mkdir(mode=0o700, parents=True)
    record = []
    gone = {folded(change.path) for change in changes if change.new is None}
    for number, change in enumerate(changes):
        _check_unchanged(tree, change, gone)
        kept = f"backups/{backup.name}/{number}" if change.old is not None else None
        digest = hashlib.sha256(change.new).hexdigest() if change.new is not None else None
        missing = tree.missing_parents(change.path)
        record.append(RecoveryEntry(change.path, number, kept, digest, missing, stores.mount(change.path)))
    mounts = _mounts(record)
    if mounts:
        _write(txn / LIST, dump_mounts(mounts), 0o600)
        _sync_dir(txn)
        stores.make(mounts)
    for change, entry in zip(changes, record, strict=True):
        with _told_of(change.path):
            _keep_copies(stores, txn, backup, change, entry)
    for mount in mounts:
        os.fsync(stores.of(mount))
    for directory in (txn, backup, backup.parent, home):
        _sync_dir(directory)
    return record


def _keep_copies(stores: Stores, txn: Path, backup: Path, change: FileSwap, entry: RecoveryEntry) -> None:
    old_mode = change.mode if change.old_mode is None else change.old_mode
    if change.old is not None:
        _write(backup / str(entry.number), change.old, old_mode)
    if entry.mount is None and change.new is not None:
        _write(txn / f"new-{entry.number}", change.new, change.mode)
    elif entry.mount is not None:
        store = stores.of(entry.mount)
        if change.old is not None:
            _write(f"old-{entry.number}", change.old, old_mode, dir_fd=store)
        if change.new is not None:
            _write(f"new-{entry.number}", change.new, change.mode, dir_fd=store)


def _check_unchanged(tree: Tree, change: FileSwap, gone: Collection[str]) -> None:
    """Somebody may have changed a file since the edit was planned: their work is not written over."""
    if change.old is None and folded(change.path) in gone:
        return  # where case is ignored, the file that goes away is found under this name
    now = tree.at(change.path)
    if (now and now[0]) != change.old:
        what = "appeared" if change.old is None else "was deleted" if now is None else "changed"
        raise Blocked("stale_file", f"{change.path} {what} while the edit was prepared")


def _mounts(record: Sequence[RecoveryEntry]) -> list[str]:
    return list(dict.fromkeys(entry.mount for entry in record if entry.mount is not None))


def _write_record(home: Path, record: list[RecoveryEntry]) -> None:
    draft = home / "txn" / "record.draft"
    _write(draft, dump(record), 0o600)
    os.rename(draft, home / "txn" / RECORD)
    _sync_dir(home / "txn")


def _swap(tree: Tree, stores: Stores, record: Sequence[RecoveryEntry]) -> None:
    for entry in record:
        store, staged = stores.home, f"txn/new-{entry.number}"
        if entry.mount is not None:
            store, staged = stores.of(entry.mount), f"new-{entry.number}"
        with _told_of(entry.path):
            tree.make_parents(entry.path)
            with tree.parent(entry.path) as (fd, name):
                if entry.digest is None:
                    os.unlink(name, dir_fd=fd)
                else:
                    os.rename(staged, name, src_dir_fd=store, dst_dir_fd=fd)
                os.fsync(fd)


@contextmanager
def _told_of(path: str) -> Iterator[None]:
    """An error of the disk names the file that the patch is about, not the copy of it."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), path) from error


def _write(path: Path | str, data: bytes, mode: int, *, dir_fd: int | None = None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(path, flags, 0o600, dir_fd=dir_fd)
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
