"""The files that a run changes, as they were before: the base for describing, measuring and reverting a change."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.context import is_secret
from agent.patch import Edits, preview, unsafe_reason
from agent.real_paths import is_file_inside, is_inside

MAX_TEXT = 4 << 20
"""Bytes; a longer file is not described, measured or compared line by line."""


@dataclass(frozen=True)
class FileBefore:
    """``content`` None: there was no such file. ``mode`` None: the permission bits that it has now."""

    content: bytes | None
    mode: int | None = None


class BaselineFiles:
    """Reads the workdir ``root``, which a replay restores to what it was before each change. ``begun`` are the files that are
    changed already, as they were before."""

    def __init__(self, root: Path, begun: Mapping[str, FileBefore] | None = None) -> None:
        self._root = root
        self._known: dict[str, bytes | None] = {}
        self._modes: dict[str, int | None] = {}
        self._links: dict[str, str] = {}
        for path, file in (begun or {}).items():
            self._known[path] = file.content
            now = None if unsafe_reason(path) else self.mode_now(path)
            self._modes[path] = None if file.content is None else file.mode or now or 0o644

    def keep(self, edits: Edits) -> None:
        """Remembers the files that ``edits`` are about to change, unless they are known already."""
        if edits.error is not None:
            return
        _, changes = preview(self._root, edits)
        for change in changes:
            self._keep(change.path)

    def keep_paths(self, paths: Iterable[str]) -> None:
        """Remembers these, be they there or not, unless they are known already."""
        for path in paths:
            if unsafe_reason(path) is None:
                self._keep(path)

    def _keep(self, path: str) -> None:
        if path not in self._known:
            self._known[path], self._modes[path] = self.now(path), self.mode_now(path)
            place = self._root / path
            if place.is_symlink() and is_inside(self._root, place.parent):
                self._links[path] = os.readlink(place)

    def paths(self) -> list[str]:
        """Those that were there before the run, as far as they are known."""
        return sorted(path for path, content in self._known.items() if content is not None)

    def before(self, path: str) -> bytes | None:
        """None where there was no such file, or where the run has not touched it."""
        return self._known.get(path)

    def link_before(self, path: str) -> str | None:
        """Where a symbolic link led that stood there; None where there was none, or where the run began before this server
        looked at it."""
        return self._links.get(path)

    def mode_before(self, path: str) -> int | None:
        """Its permission bits; None as for ``before``."""
        return self._modes.get(path)

    def mode_now(self, path: str) -> int | None:
        place = self._root / path
        return None if self.now(path) is None else stat.S_IMODE(place.stat().st_mode)

    def is_changed(self, path: str) -> bool:
        """Whether the file is another one than before, or is executable where it was not, or the other way about: of its mode
        git knows no more."""
        before, now = self.mode_before(path), self.mode_now(path)
        executable = [mode is not None and bool(mode & 0o100) for mode in (before, now)]
        return self.before(path) != self.now(path) or executable[0] != executable[1]

    def texts(self, paths: Sequence[str]) -> dict[str, tuple[str | None, str | None]]:
        """The text before and now of those of ``paths`` that are text and hold no secrets; None is a file that is not there."""
        found = {}
        for path in paths:
            pair = (self._known.get(path), self.now(path))
            try:
                old, new = (None if data is None else data.decode("utf-8") for data in pair)
            except UnicodeDecodeError:
                continue
            if not is_secret(path) and all(data is None or len(data) <= MAX_TEXT for data in pair):
                found[path] = (old, new)
        return found

    def now(self, path: str) -> bytes | None:
        """None where there is no regular file inside of the workdir."""
        place = self._root / path
        if place.is_symlink() or not is_file_inside(self._root, place):
            return None
        return place.read_bytes()
