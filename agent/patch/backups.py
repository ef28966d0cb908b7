"""What files were before each applied patch: ``.mgx/backups/<n>``, the last few kept."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import structlog

from agent.patch.recovery_record import NAME, load
from agent.patch.tree import Blocked

log = structlog.stdlib.get_logger(__name__)

KEEP = 5


@dataclass(frozen=True)
class Backup:
    """A patch that can be taken back: its name, and the paths it changed."""

    name: str
    paths: tuple[str, ...]


def list_backups(root: Path) -> list[Backup]:
    """The backups of a tree, oldest first. One whose record is damaged can't be restored: it is left out, and logged."""
    found = []
    for directory in directories(root):
        try:
            found.append(Backup(directory.name, tuple(entry.path for entry in load(directory))))
        except Blocked as blocked:
            log.warning("a backup can't be read", directory=str(directory), reason=blocked.reason)
    return found


def prune_backups(root: Path, keep: int = KEEP) -> list[str]:
    """Removes all but the ``keep`` newest backups; returns the names of those removed."""
    gone = directories(root)[:-keep] if keep else directories(root)
    for directory in gone:
        shutil.rmtree(directory)
    return [directory.name for directory in gone]


def directories(root: Path) -> list[Path]:
    """Where the backups of a tree are, the oldest first."""
    home = root / ".mgx" / "backups"
    if not home.is_dir() or home.is_symlink() or home.parent.is_symlink():
        return []
    numbered = (path for path in home.iterdir() if path.name.isascii() and path.name.isdigit())
    ours = (path for path in numbered if not path.is_symlink() and (path / NAME).is_file())
    return sorted(ours, key=lambda path: int(path.name))
