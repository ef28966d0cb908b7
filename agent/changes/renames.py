"""Which files of a change came from which, where nobody said so: by the lines that they share, as git finds renames.

A model often sends a renamed file as one that is deleted and one that is new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

ENOUGH = 0.5
"""The share of the larger file that both have in common, as of ``git diff -M`` (50 %)."""
MAX_PAIRS = 2_500
"""Pairs of files that are compared; of a change with more nothing is found here. git's own limit is higher, for whole trees."""
MAX_BYTES = 1 << 20
"""A larger file is not compared."""

_Lines = Counter[bytes]


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
    before, after = _counted(old), _counted(new)
    if len(before) * len(after) > MAX_PAIRS:
        return {}
    pairs = [(share, path, source) for path in after for source in before
             if (share := _share(before[source], after[path])) >= ENOUGH]  # fmt: skip
    found: dict[str, str] = {}
    used: set[str] = set()
    for _, path, source in sorted(pairs, key=lambda pair: (-pair[0], pair[1:])):
        if path not in found and source not in used:
            found[path] = source
            used.add(source)
    return found


def _counted(files: Mapping[str, bytes | None]) -> dict[str, _Lines]:
    return {path: Counter(data.split(b"\n")) for path, data in files.items() if data and len(data) <= MAX_BYTES}


def _share(old: _Lines, new: _Lines) -> float:
    """0 to 1, in bytes."""
    size = max(_size(old), _size(new))
    return _size(old & new) / size if size else 0.0


def _size(lines: _Lines) -> int:
    return sum(len(line) * count for line, count in lines.items())
