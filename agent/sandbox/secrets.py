"""Redacts the contents of a workdir's secret files from the output of commands: tests print anything, and models see it.

What the repository holds decides how much there is to hide, so it is bounded: beyond the bounds the output is withheld as a
whole, for half of a filter would pass on the other half.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from agent.context.paths import is_secret, names_like, skipped_in

MAX_FILES = 100
MAX_BYTES = 2 << 20
"""Of all files together: hundreds of keys and certificates. At worst (values of eight characters) they take a second to read
and to sort, once, and each output then a tenth of that."""
LEAST = 8
"""Characters of a value that is hidden; with letters alone ``LEAST_LETTERS``, since "production" is not a secret."""
LEAST_LETTERS = 16
PIECE = 64
"""Longer values are hidden piece by piece, each of this many characters, so that few lengths have to be tried at one place."""
HIDDEN = "[hidden]"
KEYS = ("*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*")
FIXTURES = frozenset(("test", "tests", "testdata", "test_data", "testing", "__tests__", "spec", "fixtures"))
"""Keys in such a folder were made for tests, which fail without them: their files are not empty for commands of a model."""
_KEYS = names_like(KEYS)
WITHHELD = (
    "The output is withheld: {reason}, so what they say can't be kept out of it. "
    "Take them out of the repository, or give them names that don't end like those of keys.\n"
)


@dataclass(frozen=True)
class Secrets:
    """``values``, none longer than ``PIECE``; ``beyond`` says, if not empty, why they are not all there are. ``paths`` are the
    files that a model's commands must not read, relative to the root."""

    values: frozenset[str] = frozenset()
    beyond: str = ""
    paths: tuple[str, ...] = ()

    @cached_property
    def lengths(self) -> Mapping[str, Sequence[int]]:
        """By the beginning of values, how long those are that begin so; the longest first."""
        found: dict[str, set[int]] = defaultdict(set)
        for value in self.values:
            found[value[:LEAST]].add(len(value))
        return {head: sorted(lengths, reverse=True) for head, lengths in found.items()}


def secrets_in(root: Path) -> Secrets:
    """The values in files under ``root`` that may hold secrets; links are not followed."""
    values: set[str] = set()
    paths: list[str] = []
    left = MAX_BYTES
    for count, path in enumerate(_files(root), 1):
        if count > MAX_FILES:
            return Secrets(beyond=f"the project has more than {MAX_FILES} files that may hold secrets")
        inside = path.relative_to(root).as_posix()
        paths += [] if _is_fixture(inside) else [inside]
        data = _read(path, left + 1)
        left -= len(data)
        if left < 0:
            return Secrets(beyond=f"the files that may hold secrets are larger than {MAX_BYTES >> 20} MiB, up to {inside}")
        for line in data.decode("utf-8", "replace").splitlines():
            values.update(piece for value in _values(line) if _is_telling(value) for piece in _pieces(value))
    return Secrets(frozenset(values), paths=tuple(paths))


def without(secrets: Secrets, text: str) -> str:
    """``text`` with ``HIDDEN`` for each value; those that overlap are hidden as one.

    What is written otherwise (encoded, cut) is not found."""
    if secrets.beyond and text:
        return WITHHELD.format(reason=secrets.beyond)
    if not secrets.values:
        return text
    lengths = secrets.lengths
    kept: list[str] = []
    shown = end = 0  # the text before ``shown`` is dealt with; a value that was found lasts until ``end``
    for at in range(len(text) - LEAST + 1):
        hit = next((n for n in lengths.get(text[at : at + LEAST], ()) if text[at : at + n] in secrets.values), 0)
        if hit and at >= end:
            kept += (text[shown:at], HIDDEN)
        if hit:
            shown = end = max(end, at + hit)
    return "".join((*kept, text[shown:]))


def _files(root: Path) -> Iterator[Path]:
    skipped = skipped_in(root)
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in skipped)
        inside = os.path.relpath(folder, root)
        for name in sorted(names):
            path = Path(folder, name)
            if is_secret(f"{inside}/{name}") and not path.is_symlink() and path.is_file():
                yield path


def _is_fixture(path: str) -> bool:
    *folders, name = path.split("/")
    return _KEYS.match(name) is not None and not FIXTURES.isdisjoint(folder.lower() for folder in folders)


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError:
        return b""  # what can't be read here, no command reads either


def _values(line: str) -> Iterator[str]:
    """The line itself, and what follows a name as in ``NAME=value``, ``export NAME="value"`` and ``name: value``."""
    yield line.strip()
    for mark in ("=", ":"):
        _, found, value = line.partition(mark)
        if found:
            yield value.strip().strip("\"',")


def _pieces(value: str) -> Iterator[str]:
    """All of them are ``PIECE`` long where the value is longer; the last one overlaps the one before it."""
    for start in range(0, max(len(value) - PIECE, 0), PIECE):
        yield value[start : start + PIECE]
    yield value[-PIECE:]


def _is_telling(value: str) -> bool:
    return len(value) >= (LEAST_LETTERS if value.isalpha() else LEAST)
