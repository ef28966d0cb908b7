"""Keeps what the secret files of a workdir say out of the output of commands: tests print what they like, and models see it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from agent.context.paths import SKIPPED, is_secret

MAX_FILES = 100
MAX_BYTES = 100_000
LEAST = 8
"""Characters of a value that is hidden; with letters alone ``LEAST_LETTERS``, for "production" is no secret."""
LEAST_LETTERS = 16
HIDDEN = "[hidden]"


def secrets_in(root: Path) -> list[str]:
    """The values in files under ``root`` that may hold secrets, longest first; links are not followed."""
    found = {value for path in _files(root) for line in _lines(path) for value in _values(line) if _is_telling(value)}
    return sorted(found, key=lambda value: (-len(value), value))


def without(secrets: list[str], text: str) -> str:
    """``text`` with ``HIDDEN`` for each of ``secrets``. One that is written otherwise (encoded, cut) is not found."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def _files(root: Path) -> Iterator[Path]:
    count = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        inside = os.path.relpath(folder, root)
        for name in sorted(names):
            path = Path(folder, name)
            if is_secret(f"{inside}/{name}") and not path.is_symlink() and path.is_file():
                count += 1
                if count > MAX_FILES:
                    return
                yield path


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return []  # what can't be read here, no command reads either


def _values(line: str) -> Iterator[str]:
    """The line itself, and what follows a name as in ``NAME=value``, ``export NAME="value"`` and ``name: value``."""
    yield line.strip()
    for mark in ("=", ":"):
        _, found, value = line.partition(mark)
        if found:
            yield value.strip().strip("\"',")


def _is_telling(value: str) -> bool:
    return len(value) >= (LEAST_LETTERS if value.isalpha() else LEAST)
