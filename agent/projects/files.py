"""The files that a profile is read from: the listed paths of a repository, and the bounded text of those that are asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

MAX_BYTES = 1 << 20
"""Of one file; a longer one is not read. The largest real manifests and CI workflows have some tens of kilobytes."""
MAX_FILES = 50_000


class ProjectFiles:
    """``paths`` are sorted and relative to the repository's root; ``read`` gives a file's text, or None where it is missing,
    leads out of the repository, is too long, or is not UTF-8. ``below`` gives the same for one directory."""

    def __init__(self, paths: Iterable[str], read: Callable[[str], str | None], base: str = "") -> None:
        self.paths: Sequence[str] = sorted(paths)[:MAX_FILES]
        self._read = read
        self._base = base
        self._texts: dict[str, str | None] = {}
        self._below: dict[str, ProjectFiles] = {}
        self.parsed: dict[tuple[str, str], Any] = {}
        """What readers made of a file, by the kind of reading and the path: several of them look at the same one."""

    @classmethod
    def at(cls, root: Path, paths: Iterable[str]) -> ProjectFiles:
        """Those of the working tree at ``root``."""
        return cls(paths, lambda path: _text(root, path))

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> ProjectFiles:
        """Those of ``texts`` by path."""
        return cls(texts, texts.get)

    def below(self, directory: str) -> ProjectFiles:
        """The files of ``directory``, with paths relative to it; all of them for ""."""
        if not directory:
            return self
        if directory not in self._below:
            start = f"{directory}/"
            inside = [path[len(start) :] for path in self.starting_with(start)]
            self._below[directory] = ProjectFiles(inside, lambda path: self.read(start + path), f"{self._base}{start}")
        return self._below[directory]

    def starting_with(self, start: str) -> Iterator[str]:
        """The paths that begin with ``start``."""
        for at in range(bisect_left(self.paths, start), len(self.paths)):
            if not self.paths[at].startswith(start):
                return
            yield self.paths[at]

    def paths_at(self, directory: str) -> list[str]:
        """Those that lie in ``directory`` itself, not below it; "" is the top."""
        start = f"{directory}/" if directory else ""
        return [path for path in self.starting_with(start) if "/" not in path[len(start) :]]

    def __contains__(self, path: str) -> bool:
        at = bisect_left(self.paths, path)
        return at < len(self.paths) and self.paths[at] == path

    def read(self, path: str) -> str | None:
        if path not in self._texts:
            self._texts[path] = self._read(path) if path in self else None
        return self._texts[path]

    def from_root(self, path: str) -> str:
        """``path`` as people write it: from the repository's root."""
        return f"{self._base}{path}"


def _text(root: Path, path: str) -> str | None:
    place = root / path
    if not place.is_file() or not place.resolve().is_relative_to(root.resolve()) or place.stat().st_size > MAX_BYTES:
        return None
    data = place.read_bytes()
    try:
        return None if b"\0" in data else data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
