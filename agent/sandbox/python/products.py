"""A copy of the tree to build in, and the files that a build wrote beside the sources."""

from __future__ import annotations

import os
import posixpath
import shutil
from collections.abc import Iterator
from pathlib import Path

from agent.context.paths import is_regular

LEFT_OUT = frozenset(
    (".git", ".hg", ".svn", ".mgx", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox", ".mypy_cache",
     ".pytest_cache", ".ruff_cache", ".hypothesis")
)  # fmt: skip
"""Folders that no build needs."""
NOT_PRODUCTS = LEFT_OUT | {"build", "dist", "target", ".eggs", "_skbuild"}
SUFFIXES = frozenset((".py", ".pyi", ".so", ".json", ".txt", ".dat", ".mo", ".typed"))
MAX_BYTES = 1 << 30
"""Of the copy."""
MAX_FILES = 100_000
MAX_PRODUCTS = 200
MAX_PRODUCT_BYTES = 256 << 20
"""Of all products together."""


def copy_tree(root: Path, copy: Path) -> bool:
    """Copies what a build may need; links stay links. False where it is too much: then the copy is not whole."""
    left, files = MAX_BYTES, MAX_FILES
    for folder, _, names in _walk(root, LEFT_OUT):
        (copy / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            source = root / folder / name
            try:
                found = source.lstat()
                left -= found.st_size
                files -= 1
                if left < 0 or files < 0:
                    return False
                if source.is_symlink():
                    (copy / folder / name).symlink_to(os.readlink(source))
                elif source.is_file():
                    shutil.copy2(source, copy / folder / name)
            except FileNotFoundError:  # it went meanwhile
                continue
    return True


def keep_products(root: Path, copy: Path, kept: Path) -> list[str]:
    """Copies the files that are in ``copy`` and not in ``root`` to ``kept``, those only that code may read when it runs. Gives
    their paths, sorted."""
    found, left = [], MAX_PRODUCT_BYTES
    for folder, _, names in _walk(copy, NOT_PRODUCTS):
        if folder.endswith((".egg-info", ".dist-info")) or ".egg-info/" in folder:
            continue
        for name in names:
            path = posixpath.join(folder, name)
            if os.path.splitext(name)[1] not in SUFFIXES or os.path.lexists(root / path) or not is_regular(copy, path):
                continue
            left -= (copy / path).stat().st_size
            if len(found) >= MAX_PRODUCTS or left < 0:
                return sorted(found)
            (kept / folder).mkdir(parents=True, exist_ok=True)
            shutil.copy2(copy / path, kept / path)
            found.append(path)
    return sorted(found)


def _walk(top: Path, left_out: frozenset[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    """(folder from ``top``, its folders, its files and links)."""
    for place, folders, names in os.walk(top):
        folder = os.path.relpath(place, top)
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        folders[:] = sorted(name for name in folders if name not in left_out and name not in links)
        yield "" if folder == "." else folder, folders, sorted([*names, *links])
