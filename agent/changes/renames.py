"""Which files of a change came from which, where nobody said so: by the lines that they share, as git finds renames.

A model often sends a renamed file as one that is deleted and one that is new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

ENOUGH = 0.5
"""The share of the larger file that both have in common, as of ``git diff -M`` (50 %)."""
MAX_PAIRS = 2_500
"""Pairs of files that are compared; of a change with more nothing is found here. git's own limit is higher, for whole trees."""
MAX_BYTES = 1 << 20
"""A larger file is not compared."""
MAX_ALL_BYTES = 16 << 20
"""Of all files that are compared."""
MAX_LINES = 1_000_000
"""Different lines that are looked up in all pairs, which takes some seconds."""


@dataclass(frozen=True)
class _Lines:
    """``size`` in bytes, without the ends of lines."""

    counted: Counter[bytes]
    size: int


def origins(said: Mapping[str, str], old: Mapping[str, bytes | None], new: Mapping[str, bytes | None]) -> dict[str, str]:
    """Path in ``new`` → the path in ``old`` that it comes from: the one that was ``said``, else one that is like it."""
    found: dict[str, str] = {}
    for path in new:
        if (source := said.get(path)) in old.keys() - set(found.values()) and source is not None:
            found[path] = source
    left = {path: data for path, data in old.items() if path not in found.values()}
    return found | similar(left, {path: data for path, data in new.items() if path not in found})


def similar(old: Mapping[str, bytes | None], new: Mapping[str, bytes | None]) -> dict[str, str]:
    """Path in ``new`` → the path in ``old`` that is most like it, where one is like it. Each old path is used once."""
    compared = [{path: data for path, data in files.items() if data and len(data) <= MAX_BYTES} for files in (old, new)]
    if (
        len(compared[0]) * len(compared[1]) > MAX_PAIRS
        or sum(len(data) for one in compared for data in one.values()) > MAX_ALL_BYTES
    ):
        return {}
    before, after = ({path: _counted(data) for path, data in files.items()} for files in compared)
    near = [(path, source) for path in after for source in before if _may_be_alike(before[source], after[path])]
    if sum(min(len(before[source].counted), len(after[path].counted)) for path, source in near) > MAX_LINES:
        return {}
    pairs = [(share, path, source) for path, source in near if (share := _share(before[source], after[path])) >= ENOUGH]
    found: dict[str, str] = {}
    used: set[str] = set()
    for _, path, source in sorted(pairs, key=lambda pair: (-pair[0], pair[1:])):
        if path not in found and source not in used:
            found[path] = source
            used.add(source)
    return found


def _counted(data: bytes) -> _Lines:
    counted = Counter(data.split(b"\n"))
    return _Lines(counted, _size(counted))


def _may_be_alike(old: _Lines, new: _Lines) -> bool:
    return min(old.size, new.size) >= ENOUGH * max(old.size, new.size)


def _share(old: _Lines, new: _Lines) -> float:
    """0 to 1, in bytes."""
    size = max(old.size, new.size)
    return _size(old.counted & new.counted) / size if size else 0.0


def _size(lines: Counter[bytes]) -> int:
    return sum(len(line) * count for line, count in lines.items())
