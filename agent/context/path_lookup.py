"""Finds the file that a path means which was written elsewhere: on another machine, in a container, shortened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

MAX_FOUND = 3
MAX_ALIKE = 200
"""Files of one name that are compared: of ``index.js`` there may be thousands."""
OF_FOLDERS = ("__init__", "index", "mod")
"""Names of the file that is a folder's module."""


class PathLookup:
    def __init__(self, files: Sequence[str]) -> None:
        self._files = frozenset(files)
        self._folders = {path[:at] for path in files for at, character in enumerate(path) if character == "/"}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for path in files:
            name = path.rpartition("/")[2]
            self._by_name[name].append(path)
            self._by_stem[name.partition(".")[0]].append(path)

    def find(self, written: str) -> list[str]:
        """The files that ``written`` may mean, at most ``MAX_FOUND``; [] where there is none, or where it could be any."""
        parts = [part for part in written.split("/") if part not in ("", ".", "..")]
        path = "/".join(parts)
        if path in self._files:
            return [path]
        if not parts or path in self._folders:
            return []
        alike = self._by_name.get(parts[-1], [])
        return _closest(parts, alike, lambda other: other.split("/")) or self.modules(parts) if len(parts) > 1 else few(alike)

    def folder(self, written: str) -> str:
        """The folder that ``written`` is, or ""."""
        path = written.strip("/")
        return path if "/" in written and path in self._folders else ""

    def modules(self, parts: Sequence[str]) -> list[str]:
        """The files that a module's name means: pkg, mod → pkg/mod.py, pkg/mod/__init__.py, pkg/mod/index.ts."""
        stem = parts[-1].partition(".")[0]
        inside = [path for name in OF_FOLDERS for path in self._by_stem.get(name, ())]
        packages = [path for path in inside[:MAX_ALIKE] if path.split("/")[-2:-1] == [stem]]
        return _closest([*parts[:-1], stem], [*self._by_stem.get(stem, ()), *packages], _module_parts(stem in OF_FOLDERS))


def few(paths: list[str]) -> list[str]:
    return paths if len(paths) <= MAX_FOUND else []


def _module_parts(whole: bool) -> Callable[[str], list[str]]:
    """Splits a path; the module of a folder has the folder's name, but where ``whole``."""

    def split(path: str) -> list[str]:
        *folders, name = path.split("/")
        stem = name.partition(".")[0]
        return folders if stem in OF_FOLDERS and folders and not whole else [*folders, stem]

    return split


def _closest(parts: Sequence[str], others: Sequence[str], split: Callable[[str], list[str]]) -> list[str]:
    """Those of ``others`` that share the most last parts with ``parts``: two at least, or all that one of the two has."""
    best: list[str] = []
    most = 0
    for other in others[:MAX_ALIKE]:
        theirs = split(other)
        same = 0
        while same < min(len(parts), len(theirs)) and parts[-1 - same] == theirs[-1 - same]:
            same += 1
        if same and (same >= 2 or same in (len(parts), len(theirs))) and same >= most:
            best = [*(best if same == most else ()), other]
            most = same
    return few(best)
