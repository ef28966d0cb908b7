import os
from collections.abc import Iterator
from pathlib import Path


def scan(root: Path) -> Iterator[tuple[Path, int]]:
    """Every regular file below ``root`` with its size in bytes."""
    for directory, _, names in os.walk(root):
        for name in names:
            path = Path(directory) / name
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(root), path.stat().st_size


def largest(root: Path, top: int) -> list[tuple[Path, int]]:
    """Largest first; files of the same size by path."""
    return sorted(scan(root), key=lambda found: (-found[1], str(found[0])))[:top]
