"""Reverts an applied patch from its backup."""

from __future__ import annotations

from pathlib import Path

from agent.patch.backups import directories
from agent.patch.recovery_record import load
from agent.patch.transaction import FileSwap, commit
from agent.patch.tree import Tree


def restore_backup(root: Path, name: str) -> list[str]:
    """Puts back the files of backup ``name`` as they were before its patch; returns their paths. Raises KeyError.

    The restoration is a transaction with a backup of its own.
    """
    directory = next((path for path in directories(root) if path.name == name), None)
    if directory is None:
        raise KeyError(f"there is no backup {name!r} in {root}")
    changes = []
    with Tree(root) as tree, Tree(directory) as kept:
        record = load(directory)
        paths = {entry.path for entry in record}
        for entry in record:
            now = tree.read(entry.path, gone=paths)
            before = kept.read(str(entry.number)) if entry.backup is not None else None
            if now == before:
                continue
            mode = before[1] if before is not None else 0o644
            changes.append(
                FileSwap(entry.path, now and now[0], before and before[0], mode, now[1] if now is not None else None)
            )
    commit(root, sorted(changes, key=lambda change: change.new is not None))
    return [change.path for change in changes]
