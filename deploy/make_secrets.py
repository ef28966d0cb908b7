"""Writes the secrets of an installation into a directory, once: what is there stays, what the environment gives wins.

Run by compose's one-shot service ``secrets`` before anything else. Files that only the application reads are 0400; those that
the database, broker and object store read under their own accounts are 0444.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

PRIVATE, SHARED = 0o400, 0o444


def token() -> str:
    return secrets.token_urlsafe(48)


def fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


SECRETS: dict[str, tuple[int, Callable[[], str]]] = {
    "MGX_SECRET_KEY": (PRIVATE, token),
    "MGX_ENCRYPTION_KEYS": (PRIVATE, fernet_key),
    "DB_PASSWORD": (SHARED, token),
    "REDIS_PASSWORD": (SHARED, token),
    "S3_ACCESS_KEY_ID": (SHARED, lambda: f"mgx-{secrets.token_hex(8)}"),
    "S3_SECRET_ACCESS_KEY": (SHARED, lambda: secrets.token_urlsafe(30)),
}
"""Name (of the file and of the variable) → (mode, how to make one)."""


def write(directory: Path) -> dict[str, str]:
    """Returns what was done: name → kept, given or generated. An interrupted run leaves no half-written file."""
    directory.mkdir(parents=True, exist_ok=True)
    done = {}
    for name, (mode, make) in SECRETS.items():
        path, given = directory / name, os.environ.get(name, "")
        if given:
            done[name] = "given"
        elif path.is_file() and path.stat().st_size:
            done[name] = "kept"
        else:
            done[name] = "generated"
        if done[name] != "kept":
            _replace(path, given or make(), mode)
    password = (directory / "REDIS_PASSWORD").read_text(encoding="utf-8").replace("\\", "\\\\").replace('"', '\\"')
    _replace(directory / "redis.conf", f'requirepass "{password}"\nsave ""\nappendonly no\n', SHARED)
    return done


def _replace(path: Path, text: str, mode: int) -> None:
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        os.fchmod(file.fileno(), mode)
    part.replace(path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make_secrets.py DIRECTORY")
    for secret, how in write(Path(sys.argv[1])).items():
        print(f"{secret}: {how}")
