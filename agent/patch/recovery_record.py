"""The recovery record: what a transaction is about to swap. It is stored in the tree, so it is read as untrusted data."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agent.patch.paths import unsafe_reason
from agent.patch.tree import Blocked, Tree

NAME = "record.json"
_BACKUP = re.compile(r"backups/\d+/\d+")


@dataclass(frozen=True)
class RecoveryEntry:
    """One file: its staged copy is ``new-<number>``, ``backup`` the old one's place under ``.mgx`` (None: it is new),
    ``digest`` the SHA-256 of the new content (None: it is deleted), ``directories`` those made for it, outermost first.
    ``mount`` is the directory of another file system that it lies on (None: the root's), whose ``.mgx`` has its copies."""

    path: str
    number: int
    backup: str | None
    digest: str | None
    directories: Sequence[str]
    mount: str | None = None


def dump(entries: Sequence[RecoveryEntry]) -> bytes:
    return json.dumps({"files": [asdict(entry) for entry in entries]}).encode()


def load(directory: Path) -> list[RecoveryEntry]:
    """The record in ``directory``. Raises ``Blocked`` when it is not one that this program wrote."""
    try:
        with Tree(directory) as tree:
            found = tree.read(NAME)
        if found is None:
            raise ValueError("it is missing")
        return [_entry(data) for data in json.loads(found[0])["files"]]
    except (ValueError, KeyError, TypeError, OSError, RecursionError, Blocked) as error:
        raise Blocked("damaged_record", f"{directory.parent.name}/{directory.name}/{NAME} is damaged ({error})") from error


def _entry(data: dict[str, Any]) -> RecoveryEntry:
    entry = RecoveryEntry(**data)
    if not all(isinstance(path, str) for path in (entry.path, *entry.directories, entry.mount or "")):
        raise ValueError("a path in it is not a text")
    for path in (entry.path, *entry.directories, *([] if entry.mount is None else [entry.mount])):
        reason = unsafe_reason(path)
        if reason is not None:
            raise ValueError(f"{path!r}: {reason}")
    if not isinstance(entry.number, int) or (entry.backup is not None and not _BACKUP.fullmatch(entry.backup)):
        raise ValueError(f"{entry.path!r}: its backup has a name that this program does not use")
    return entry
