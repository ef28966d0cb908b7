"""Takes back what a transaction swapped, all that can be taken back; what can't is set aside and told, so that work goes on.

Which files were swapped is read from the disk, for the process that swapped them may be dead: the staged copy of a swapped file
has left the store, and a deleted file is missing. Nothing else is touched: not what was never swapped, and not a file that
somebody else has changed since. It may itself be killed and repeated.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from agent.patch.recovery_record import NAME as RECORD
from agent.patch.recovery_record import RecoveryEntry, load
from agent.patch.stores import Stores, listed
from agent.patch.tree import Blocked, Tree

log = structlog.stdlib.get_logger(__name__)

ASIDE = "set-aside"
KEEP = 5
"""Interrupted transactions that could not be taken back and whose files are kept."""


class NotTakenBack(OSError):
    """A change failed, and so did taking back a part of it. ``problems`` says of each file what is where, as sentences."""

    def __init__(self, cause: str, problems: Sequence[str]) -> None:
        super().__init__(f"{cause}. {' '.join(problems)}")
        self.problems = tuple(problems)


def take_back(root: Path, home: Path) -> list[str] | None:
    """Undoes the transaction whose remains are in ``home``. None: there was none; else a sentence for each thing that could
    not be undone, all of which is set aside then. Raises OSError only where even that fails."""
    txn = home / "txn"
    if not txn.is_dir():
        return None
    problems: list[str] = []
    mounts = listed(txn)
    with Tree(root) as tree, Stores(root, home, tree) as stores:
        if (txn / RECORD).exists():
            problems = _undo_all(tree, stores, txn)
        if not problems:
            with suppress(FileNotFoundError):
                (txn / RECORD).unlink()
            _sync(txn)
        stores.remove(mounts)
    if not problems:
        discard(home)
    if problems or txn.exists():
        place = _set_aside(home, problems or ["Its staged files could not be removed."])
        problems = [f"{problem} See .mgx/{ASIDE}/{place.name}." for problem in problems]
        log.warning("an interrupted patch could not be taken back", directory=str(place), problems=problems)
    return problems


def _undo_all(tree: Tree, stores: Stores, txn: Path) -> list[str]:
    try:
        record = load(txn)
    except Blocked as blocked:
        return [f"An interrupted patch could not be taken back, because its record {blocked.reason}."]
    problems = []
    for entry in reversed(record):
        try:
            _undo(tree, stores, entry)
        except Blocked as blocked:
            problems.append(f"{entry.path} could not be put back as it was, because {blocked.reason}.")
        except OSError as error:
            problems.append(f"{entry.path} could not be put back as it was, because of an error: {error.strerror or error}.")
        _remove_directories(tree, entry.directories)
    return problems


def _undo(tree: Tree, stores: Stores, entry: RecoveryEntry) -> None:
    kept, kept_fd, staged_fd, staged = entry.backup, stores.home, stores.home, f"txn/new-{entry.number}"
    if entry.mount is not None:
        kept_fd = staged_fd = stores.of(entry.mount)
        kept, staged = kept and f"old-{entry.number}", f"new-{entry.number}"
    if entry.digest is not None and _is_regular(staged_fd, staged):
        return  # it was never swapped
    if kept is not None and not _is_regular(kept_fd, kept):
        return  # it was put back already
    now = tree.read(entry.path)
    ours = now is not None and hashlib.sha256(now[0]).hexdigest() == entry.digest
    if kept is None and not ours:
        return  # it was removed already, or is a stranger's
    if kept is not None and now is not None and not ours:
        if entry.digest is None:
            return  # it was never deleted
        raise Blocked("changed_since", "it was changed since")
    with tree.parent(entry.path) as (fd, name):
        if kept is None:
            os.unlink(name, dir_fd=fd)
        else:
            os.rename(kept, name, src_dir_fd=kept_fd, dst_dir_fd=fd)
        os.fsync(fd)


def _remove_directories(tree: Tree, directories: Sequence[str]) -> None:
    """Those that were made, where nothing is in them: one that stays does no harm."""
    for directory in reversed(directories):
        try:
            with tree.parent(directory) as (fd, name):
                os.rmdir(name, dir_fd=fd)
                os.fsync(fd)
        except (OSError, Blocked) as error:
            if not isinstance(error, FileNotFoundError) and getattr(error, "errno", 0) != errno.ENOTEMPTY:
                log.warning("a directory that a patch made stays", directory=directory, error=str(error))


def discard(home: Path) -> None:
    """Removes the staging directory and backups whose transaction never ended."""
    shutil.rmtree(home / "txn", ignore_errors=True)
    for path in unfinished(home):
        shutil.rmtree(path, ignore_errors=True)


def unfinished(home: Path) -> list[Path]:
    """Backups of transactions that did not end: they have no record."""
    backups = home / "backups"
    return [path for path in backups.iterdir() if not (path / RECORD).is_file()] if backups.is_dir() else []


def _set_aside(home: Path, problems: Sequence[str]) -> Path:
    """Moves what is left out of the way of the next transaction, by renaming alone. ``record.json`` there says what was meant,
    ``backups`` has the files as they were."""
    aside = home / ASIDE
    if aside.is_symlink() or aside.is_file():
        aside.unlink()
    aside.mkdir(mode=0o700, exist_ok=True)
    numbers = sorted(int(path.name) for path in aside.iterdir() if path.name.isascii() and path.name.isdigit())
    place = aside / str((numbers[-1] if numbers else 0) + 1)
    place.mkdir(mode=0o700)
    left = unfinished(home)
    if left:
        (place / "backups").mkdir(mode=0o700)
    for path in left:
        os.rename(path, place / "backups" / path.name)
    os.rename(home / "txn", place / "txn")
    with suppress(OSError):
        (place / "why.json").write_text(json.dumps(list(problems), ensure_ascii=False), encoding="utf-8")
    for number in numbers[: -(KEEP - 1)]:
        shutil.rmtree(aside / str(number), ignore_errors=True)
    return place


def _is_regular(fd: int, path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path, dir_fd=fd, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
