"""Bounded reading of a repository's files: small regular files inside of its root; links that lead out are not followed."""

from __future__ import annotations

import configparser
import os
import posixpath
from functools import cached_property
from pathlib import Path
from typing import Any

from agent.documents import Unreadable, read_toml
from agent.patterns import linear

MAX_BYTES = 1 << 20
MAX_INI = 1 << 18
"""Bytes of an INI file."""
MAX_NAMES = 5_000
"""Entries of one directory that are looked at."""

_SPACES = linear(r"\S[ \t]{100,}\S")
"""configparser takes the square of their number."""


class Manifests:
    """Paths begin at ``root`` and have slashes; "" is the root itself. Directories and TOML files are read once: each look at a
    tree has an object of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._toml: dict[str, dict[str, Any]] = {}
        self._listed: dict[str, list[tuple[str, bool]]] = {}

    @cached_property
    def _real(self) -> Path:
        return self.root.resolve()

    def text(self, path: str) -> str | None:
        place = self.root / path
        try:
            if not place.is_file() or not place.resolve().is_relative_to(self._real) or place.stat().st_size > MAX_BYTES:
                return None
            return place.read_text(encoding="utf-8", errors="replace")
        except (OSError, ValueError):  # a name with a NUL character, or one that is too long
            return None

    def toml(self, path: str) -> dict[str, Any]:
        """Empty where the file is missing. Raises ``Unreadable``."""
        if path not in self._toml:
            text = self.text(path)
            self._toml[path] = {} if text is None else read_toml(text)
        return self._toml[path]

    def ini(self, path: str) -> configparser.RawConfigParser:
        """Without sections where the file is missing. Raises ``Unreadable``."""
        return read_ini(self.text(path) or "")

    def names(self, directory: str) -> list[str]:
        """Of the files in ``directory``, sorted."""
        return [name for name, is_directory in self._entries(directory) if not is_directory]

    def folders(self, directory: str) -> list[str]:
        """Of the directories in ``directory``, sorted; no links."""
        return [name for name, is_directory in self._entries(directory) if is_directory]

    def _entries(self, directory: str) -> list[tuple[str, bool]]:
        if directory not in self._listed:
            self._listed[directory] = self._list(self.root / directory)
        return self._listed[directory]

    def _list(self, place: Path) -> list[tuple[str, bool]]:
        try:
            if not place.resolve().is_relative_to(self._real):
                return []
            with os.scandir(place) as found:
                entries = sorted(found, key=lambda entry: entry.name)[:MAX_NAMES]
            return [
                (entry.name, entry.is_dir(follow_symlinks=False))
                for entry in entries
                if not (entry.is_symlink() and os.path.isdir(entry.path))
            ]
        except (OSError, ValueError, RuntimeError):  # the last: `resolve` of a link that leads in circles
            return []


def read_ini(text: str) -> configparser.RawConfigParser:
    """Raises ``Unreadable``."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.optionxform = str  # type: ignore[assignment]  # names of extras and settings keep their letters
    if len(text) > MAX_INI:
        raise Unreadable(f"it has {len(text):,} characters; at most {MAX_INI:,} are read")
    if _SPACES.search(text):
        raise Unreadable("a line has more than 100 spaces between words")
    try:
        parser.read_string(text)
    except (configparser.Error, ValueError) as error:
        raise Unreadable(str(error).splitlines()[0]) from error
    return parser


def value_of(parser: configparser.RawConfigParser, section: str, key: str) -> str:
    return parser.get(section, key, fallback="") or ""


def joined(directory: str, relative: str) -> str | None:
    """The path ``relative`` to ``directory``, from the root; None where it leads out of it."""
    if relative.startswith("/") or "\0" in relative:
        return None
    path = posixpath.normpath(posixpath.join(directory, relative))
    if path == ".":
        return ""
    return None if path == ".." or path.startswith("../") else path
