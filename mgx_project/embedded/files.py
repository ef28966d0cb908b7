"""Small files that only their owner may read, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from mgx_project.common.private_files import private_directory


def write_private(path: Path, text: str) -> None:
    """Replace ``path`` atomically by a file of mode 0600 that holds ``text``."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def open_log(path: Path, *, limit: int = 8 << 20) -> int:
    """A descriptor that appends to the log ``path`` (0600). A log beyond ``limit`` bytes is first set aside as ``<name>.1``."""
    try:
        if path.stat().st_size > limit:
            path.replace(path.with_name(path.name + ".1"))
    except FileNotFoundError:
        private_directory(path.parent)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def tail(path: Path, lines: int = 20, *, window: int = 64 << 10) -> list[str]:
    """The last ``lines`` lines among the last ``window`` bytes of ``path``; none if the file does not exist."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - window))
            return file.read().decode("utf-8", "replace").splitlines()[-lines:]
    except FileNotFoundError:
        return []
