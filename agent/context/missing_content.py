"""Content that a repository refers to and this workdir lacks: the files of submodules, and files stored by Git LFS."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from agent.context.paths import is_regular
from agent.patterns import linear

POINTER = "version https://git-lfs.github.com/spec/v1\n"
"""How each begins, by https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md; a pointer is shorter than 1024 bytes."""
MAX_POINTER = 1024
MAX_NAMED = 20
MAX_MODULES = 1_000
MAX_BYTES = 1_000_000

_PATH = linear(r"(?m)^\s*path\s*=\s*(.+?)\s*$")


def submodules(root: Path) -> list[str]:
    """The paths that `.gitmodules` names and that are not folders of this repository: empty, or repositories of their own."""
    text = _text(root, ".gitmodules")
    named = [path.strip('"').rstrip("/") for path in _PATH.findall(text)[:MAX_MODULES]]
    return sorted({path for path in named if _is_plain(path) and _is_other(root / path)})


def is_pointer(text: str | None) -> bool:
    return text is not None and len(text) < MAX_POINTER and text.startswith(POINTER)


def pointers(root: Path, files: Sequence[str]) -> list[str]:
    """Those of ``files`` whose content Git LFS keeps elsewhere; looked for only where the repository says that it uses it."""
    rules = [path for path in files if path.rpartition("/")[2] == ".gitattributes"]
    if not any("filter=lfs" in _text(root, path) for path in rules):
        return []
    small = (path for path in files if 0 < os.lstat(root / path).st_size < MAX_POINTER)
    return [path for path in small if is_pointer(_text(root, path))]


def absent(root: Path, files: Sequence[str]) -> str:
    """For prompts; "" if nothing is missing."""
    said = []
    if paths := submodules(root):
        said.append(f"Submodules, whose files are not here and can't be changed: {_named(paths)}")
    if paths := pointers(root, files):
        said.append(f"Git LFS files, of which only pointers are here; leave them as they are: {_named(paths)}")
    return "\n".join(said)


def _named(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - MAX_NAMED} more" if len(paths) > MAX_NAMED else ""
    return ", ".join(paths[:MAX_NAMED]) + more


def _text(root: Path, path: str) -> str:
    if not is_regular(root, path) or (root / path).stat().st_size > MAX_BYTES:
        return ""
    return (root / path).read_bytes().decode("utf-8", errors="replace")


def _is_plain(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and path.isprintable() and not path.startswith("/") and not {".", ".."}.intersection(parts)


def _is_other(folder: Path) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    return not any(folder.iterdir()) or (folder / ".git").exists()
