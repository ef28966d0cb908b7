"""Files that are there whole or not at all, also after a full disk or a power cut. For artifacts: a row names them next."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage

from .common.drafts import DRAFTS


class DurableStorage(FileSystemStorage):
    """Django's directory, but a file gets its name when its bytes are on the disk. One of the same name is replaced."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: Any) -> str:
        """Raises OSError, ENOSPC among others; then nothing of it is left."""
        draft = f"{DRAFTS}/{uuid.uuid4().hex}.part"
        try:
            super()._save(draft, content)  # type: ignore[misc]  # Django's own way to extend a storage
            _sync(self.path(draft))
            place = Path(self.path(name))
            made = self._make(place.parent)
            os.replace(self.path(draft), place)
        except BaseException:
            self.delete(draft)
            raise
        for directory in (place.parent, *made):  # a name is on the disk when its directory is
            _sync(str(directory))
        return name

    def _make(self, directory: Path) -> list[Path]:
        """Makes the directory and those above it; returns those that have a new name in them, the lowest first."""
        missing = []
        while not directory.is_dir():
            missing.append(directory)
            directory = directory.parent
        for one in reversed(missing):
            one.mkdir(mode=self.directory_permissions_mode or 0o777, exist_ok=True)
        return [one.parent for one in missing]


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
