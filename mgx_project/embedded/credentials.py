"""The secrets of one installation: generated once, kept in ``secrets.json`` (0600) across restarts."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from mgx_project.embedded.errors import EmbeddedError
from mgx_project.embedded.files import write_private


@dataclass(frozen=True)
class Credentials:
    """``encryption_keys``: comma-separated Fernet keys (URL-safe base64 of 32 bytes), newest first."""

    secret_key: str
    encryption_keys: str
    database_password: str
    superuser_password: str
    valkey_password: str

    @classmethod
    def generate(cls) -> Credentials:
        return cls(
            secret_key=_token(48),
            encryption_keys=base64.urlsafe_b64encode(os.urandom(32)).decode(),
            database_password=_token(24),
            superuser_password=_token(24),
            valkey_password=_token(24),
        )

    @classmethod
    def load(cls, path: Path) -> Credentials:
        """Read ``path``, or make it when it does not exist. Raises EmbeddedError for contents that are not valid."""
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            made = cls.generate()
            write_private(path, json.dumps(asdict(made), indent=2) + "\n")
            return made
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise EmbeddedError(
                f"{path} can't be read: {error}.",
                hint="Restore it from a backup: the stored credentials are encrypted with it.",
            ) from error


def _token(size: int) -> str:
    return base64.urlsafe_b64encode(os.urandom(size)).decode().rstrip("=")
