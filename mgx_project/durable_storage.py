"""Files that are there whole or not at all, also after a full disk or a power cut. For artifacts: a row names them next."""

from __future__ import annotations

import os
import uuid
from typing import Any

from django.core.files.storage import FileSystemStorage


class DurableStorage(FileSystemStorage):
    """Django's directory, but a file gets its name when its bytes are on the disk. One of the same name is replaced."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: Any) -> str:
        """Raises OSError, ENOSPC among others; then nothing of it is left."""
        draft = f"{name}.{uuid.uuid4().hex}.part"
        try:
            super()._save(draft, content)  # type: ignore[misc]  # Django's own way to extend a storage
            _sync(self.path(draft))
            os.replace(self.path(draft), self.path(name))
        except BaseException:
            self.delete(draft)
            raise
        _sync(os.path.dirname(self.path(name)))
        return name


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
