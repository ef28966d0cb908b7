"""Where paths of a repository really lead: any of its files may be a symbolic link, to elsewhere or to itself."""

from __future__ import annotations

from pathlib import Path


def real(place: Path) -> Path | None:
    """``place`` without links; None where no file can be: a link leads in circles, or the name holds a NUL character."""
    try:
        return place.resolve()
    except (OSError, ValueError, RuntimeError):
        return None


def is_inside(root: Path, place: Path) -> bool:
    """Whether ``place``, be it there or not, really lies in ``root``, or is that itself."""
    found = real(place)
    return found is not None and found.is_relative_to(root.resolve())


def is_file_inside(root: Path, place: Path) -> bool:
    """Whether ``place`` is a file that really lies in ``root``, maybe behind links."""
    try:
        return place.is_file() and is_inside(root, place)
    except OSError:  # a name that is too long, or a directory that we may not look into
        return False
