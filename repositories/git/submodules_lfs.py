"""Parts of a commit that a checkout does not include: submodules stay empty, LFS files stay pointers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

MAX_NAMED = 5
POINTER = b"version https://git-lfs.github.com/spec/v1\n"
POINTER_BYTES = range(120, 1024)
"""https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: with a digest none is shorter, and each is below 1024 bytes."""


@dataclass(frozen=True)
class Contents:
    """``size`` is that of all files in bytes. ``submodules`` and ``pointers`` are paths, sorted."""

    size: int = 0
    submodules: tuple[str, ...] = ()
    pointers: tuple[str, ...] = ()

    def warning(self) -> str:
        """A warning for people; "" if nothing is missing."""
        said = []
        if self.submodules:
            said.append(f"Submodules are not checked out ({_named(self.submodules)}): their files can't be read or changed.")
        if self.pointers:
            said.append(f"Git LFS files are not downloaded ({_named(self.pointers)}): only their pointers are available.")
        return " ".join(said)


ALL_THERE = Contents()


@dataclass(frozen=True)
class Listing:
    """The entries of a tree by kind. ``small`` are files small enough to be LFS pointers."""

    size: int
    submodules: tuple[str, ...]
    small: tuple[str, ...]


async def listing(git: Callable[..., Awaitable[bytes]], tree: str) -> Listing:
    """Of ``tree``, without reading any file. Raises GitCommandFailed."""
    out = await git("ls-tree", "-r", "-z", "--long", "--full-tree", tree)
    return await asyncio.to_thread(_parse, out)


def _parse(out: bytes) -> Listing:
    size, submodules, small = 0, [], []
    for entry in out.decode(errors="surrogateescape").split("\0")[:-1]:
        facts, _, path = entry.partition("\t")
        mode, _, _, length = facts.split()
        if mode == "160000":
            submodules.append(path)
        elif length.isdigit():
            size += int(length)
            if mode != "120000" and int(length) in POINTER_BYTES:
                small.append(path)
    return Listing(size, tuple(submodules), tuple(small))


async def contents(listed: Listing, root: Path) -> Contents:
    """What is missing in ``root``, where the tree was just checked out."""
    pointers = await asyncio.to_thread(lambda: tuple(path for path in listed.small if _is_pointer(root / path)))
    shown = (tuple(_printable(path) for path in sorted(paths)) for paths in (listed.submodules, pointers))
    return Contents(listed.size, *shown)


def _is_pointer(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:  # a name that this file system can't hold
        return False
    try:
        return os.read(file, len(POINTER)) == POINTER
    finally:
        os.close(file)


def _printable(path: str) -> str:
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in path)


def _named(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - MAX_NAMED} more" if len(paths) > MAX_NAMED else ""
    return ", ".join(paths[:MAX_NAMED]) + more
