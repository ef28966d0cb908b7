"""What files were before each applied patch: ``.mgx/backups/<n>``, the last few kept."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from agent.patch.recovery_record import NAME, load
from agent.patch.tree import Tree

KEEP = 5


@dataclass(frozen=True)
class Backup:
    """A patch that can be taken back: its name, and the paths it changed."""

    name: str
    paths: tuple[str, ...]


def list_backups(root: Path) -> list[Backup]:
    """The backups of a tree, oldest first."""
    found = []
    for directory in _directories(root):
        found.append(Backup(directory.name, tuple(entry.path for entry in load(directory))))
    return found


def restore_backup(root: Path, name: str) -> list[str]:
    """Puts back the files of backup ``name`` as they were before its patch; returns their paths. Raises KeyError.

    The restoration is a transaction with a backup of its own.
    """
    from agent.patch.transaction import Change, commit

    directory = next((path for path in _directories(root) if path.name == name), None)
    if directory is None:
        raise KeyError(f"there is no backup {name!r} in {root}")
    changes = []
    with Tree(root) as tree, Tree(directory) as kept:
        for entry in load(directory):
            now = tree.read(entry.path)
            before = kept.read(str(entry.number)) if entry.backup is not None else None
            if now == before:
                continue
            mode = before[1] if before is not None else 0o644
            changes.append(Change(entry.path, now and now[0], before and before[0], mode, now[1] if now is not None else None))
    commit(root, changes)
    return [change.path for change in changes]


def prune_backups(root: Path, keep: int = KEEP) -> list[str]:
    """Removes all but the ``keep`` newest backups; returns the names of those removed."""
    gone = _directories(root)[:-keep] if keep else _directories(root)
    for directory in gone:
        shutil.rmtree(directory)
    return [directory.name for directory in gone]


def _directories(root: Path) -> list[Path]:
    home = root / ".mgx" / "backups"
    if not home.is_dir() or home.is_symlink() or home.parent.is_symlink():
        return []
    numbered = (path for path in home.iterdir() if path.name.isascii() and path.name.isdigit())
    ours = (path for path in numbered if not path.is_symlink() and (path / NAME).is_file())
    return sorted(ours, key=lambda path: int(path.name))
