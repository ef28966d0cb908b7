"""The files that a run changes, as they were before: the base for describing, measuring and reverting a change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from agent.context import is_secret
from agent.patch import Edits, preview, unsafe_reason

MAX_TEXT = 4 << 20
"""Bytes; a longer file is not described, measured or compared line by line."""


class BaselineFiles:
    """Reads the workdir ``root``, which a replay restores to what it was before each change."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, bytes | None] = {}

    def keep(self, edits: Edits) -> None:
        """Remembers the files that ``edits`` are about to change, unless they are known already."""
        if edits.error is not None:
            return
        _, changes = preview(self._root, edits)
        for change in changes:
            if change.path not in self._known:
                self._known[change.path] = self.now(change.path)

    def keep_paths(self, paths: Iterable[str]) -> None:
        """Remembers these, be they there or not, unless they are known already."""
        for path in paths:
            if path not in self._known and unsafe_reason(path) is None:
                self._known[path] = self.now(path)

    def before(self, path: str) -> bytes | None:
        """None where there was no such file, or where the run has not touched it."""
        return self._known.get(path)

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
        inside = place.resolve().is_relative_to(self._root.resolve())
        if not inside or place.is_symlink() or not place.is_file():
            return None
        return place.read_bytes()
