"""What a command changed in the workdir, and which of it may become part of the change.

Both looks are made by lstat alone (``agent.file_states``). What a command leaves is judged as hostile: it may be a link, a
device or a gigabyte.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from agent.context.paths import CACHES, is_ours, is_secret
from agent.file_states import State, state_of
from agent.patch.paths import unsafe_reason
from agent.ports import JSONObject

Keep = Callable[[str], bool]
"""Whether what a command does to a path (relative to the root, as git writes it) is part of the change."""
Act = Literal["created", "changed", "deleted"]
States = Mapping[str, State]
"""Path → state of all that is not a folder."""

SKIPPED = CACHES | frozenset((".tox", ".nox", ".cache", ".gradle", ".eggs"))
"""Folders that are not compared; a virtual environment is known by its pyvenv.cfg, whatever its name."""
MAX_SEEN = 500_000
MAX_KEPT = 200
MAX_BYTES = 2_000_000
"""Of one file that is kept."""
MAX_BYTES_TOGETHER = 8_000_000
MAX_NAMED = 100
"""Paths of one kind that a result names."""


@dataclass(frozen=True)
class CommandChanges:
    """``kept``: path → what was done to it; ``refused``: those that the caller would have kept → why they can't be, as the end
    of a sentence; ``dropped``: the first of the others, and ``more`` how many beside them."""

    kept: dict[str, Act] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, Act] = field(default_factory=dict)
    more: int = 0

    def to_json(self) -> JSONObject:
        return {
            "kept": list(self.kept),
            "kept_as": self.kept,
            "refused": self.refused,
            "dropped": self.dropped,
            "more": self.more,
        }


def look(root: Path) -> States | None:
    """The state of each file below ``root``; None where there are too many to compare."""
    found: dict[str, State] = {}
    for path, state in _walk(root):
        found[path] = state
        if len(found) > MAX_SEEN:
            return None
    return found


def compare(root: Path, before: States | None, keep: Keep) -> CommandChanges:
    """What was done to ``root`` since ``before``, sorted by path. Where there is too much to compare nothing is kept."""
    after = look(root) if before is not None else None
    if before is None or after is None:
        return CommandChanges(refused={".": f"there are more than {MAX_SEEN:,} files to compare"})
    acts: dict[str, Act] = {}
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            acts[path] = "created" if path not in before else "deleted" if path not in after else "changed"
    kept: dict[str, Act] = {}
    refused: dict[str, str] = {}
    left = MAX_BYTES_TOGETHER
    for path in (path for path in acts if keep(path)):
        size, reason = _size_of(root, path, acts[path], left if len(kept) < MAX_KEPT else -1)
        if reason:
            refused[_shown(path)] = reason
        else:
            kept[path] = acts[path]
            left -= size
    others = [path for path in acts if path not in kept]
    dropped = {_shown(path): acts[path] for path in others[:MAX_NAMED]}
    return CommandChanges(kept, dict(list(refused.items())[:MAX_NAMED]), dropped, max(0, len(others) - MAX_NAMED))


def _walk(root: Path) -> Iterator[tuple[str, State]]:
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(root / folder if folder else root) as entries:
                inside = list(entries)
        except OSError:
            continue  # made unreadable, or too deep: what is in it is never kept, for it can't be read either
        if folder and any(entry.name == "pyvenv.cfg" for entry in inside):
            continue
        for entry in inside:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED:
                    waiting.append(path)
                continue
            try:
                yield path, state_of(entry.stat(follow_symlinks=False))
            except OSError:
                continue  # it is in a folder that may be listed and not entered


def _size_of(root: Path, path: str, act: Act, left: int) -> tuple[int, str]:
    """How many bytes there are at ``path`` and "", or 0 and why it can't be kept, as the end of a sentence."""
    if reason := unsafe_reason(path):
        return 0, reason
    if is_ours(path) or is_secret(path):
        return 0, "it may hold secrets" if is_secret(path) else "it is not part of the project"
    if not _is_below_real_folders(root, path):
        return 0, "it is behind a link"
    try:
        about = os.lstat(root / path)
    except (FileNotFoundError, NotADirectoryError):
        return 0, "" if act == "deleted" else "it is gone"
    except OSError:
        return 0, "it can't be read"
    if act == "deleted" or not stat.S_ISREG(about.st_mode):
        return 0, "it is not a regular file any more"
    if about.st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX) or not os.access(root / path, os.R_OK):
        return 0, "its mode is not that of a source file"
    if about.st_size > MAX_BYTES:
        return 0, f"it is larger than {MAX_BYTES:,} bytes"
    if left < 0 or about.st_size > left:
        return 0, f"a command may change {MAX_KEPT} files of {MAX_BYTES_TOGETHER:,} bytes together"
    return about.st_size, ""


def is_real_folder(root: Path, path: str) -> bool:
    """Whether ``path`` is a folder below ``root``, no link, and none of those above it is one."""
    return all(stat.S_ISDIR(mode) for mode in _modes(root, path))


def _is_below_real_folders(root: Path, path: str) -> bool:
    """Whether no folder above ``path`` is a link. One that is gone is none."""
    folder = path.rpartition("/")[0]
    return not folder or not any(stat.S_ISLNK(mode) for mode in _modes(root, folder))


def _modes(root: Path, path: str) -> Iterator[int]:
    """Of ``path`` and the folders above it, from the outermost; ends with 0 where one is gone or can't be looked at."""
    place = str(root)
    for name in path.split("/"):
        place = os.path.join(place, name)
        try:
            mode = os.lstat(place).st_mode
        except OSError:
            yield 0
            return
        yield mode


def _shown(path: str) -> str:
    """A name that a command made, as JSON and a prompt can hold it."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in path)[:300]
