"""Tags by blob id, in one SQLite file per workspace that several processes may use at once.

A cache only: it is thrown away when it can't be read, and holds at most ``MAX_ROWS`` files, those used last.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Self

from agent.symbols.languages import QUERIES

MAX_ROWS = 50_000
KEPT = 0.8
DAY = 86_400
CHUNK = 500
BUSY_SECONDS = 10.0
_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS tags (
  key BLOB PRIMARY KEY, definitions BLOB NOT NULL, refs BLOB NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
"""
Row = tuple[bytes, bytes, bytes]
"""Key, JSON of the definitions, JSON of the references."""


class TagStore:
    """``directory`` None keeps everything in memory. To be used by one thread at a time.

    Any method may raise ``sqlite3.Error``: a full disk, a file that was damaged, a lock that another process keeps.
    """

    def __init__(self, directory: Path | None) -> None:
        self._path = None if directory is None else directory / f"tags-{generation()}.sqlite"
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = self._open()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            self._discard()
            self._connection = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def known(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of ``keys`` that are stored; they count as used today."""
        found: dict[bytes, int] = {}
        for part in _chunks(keys):
            found.update(self._connection.execute(f"SELECT key, used FROM tags WHERE key IN ({_marks(part)})", part))
        today = int(time.time()) // DAY
        stale = [(today, key) for key, used in found.items() if used != today]
        with self._connection:
            self._connection.executemany("UPDATE tags SET used = ? WHERE key = ?", stale)
        return set(found)

    def put(self, rows: Iterable[Row]) -> None:
        today = int(time.time()) // DAY
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO tags VALUES (?, ?, ?, ?)", ((*row, today) for row in rows))

    def definitions(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        yield from self._column("definitions", keys)

    def references(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        yield from self._column("refs", keys)

    def prune(self) -> None:
        """Forgets what was not used for longest when there is too much."""
        (count,) = self._connection.execute("SELECT count(*) FROM tags").fetchone()
        if count <= MAX_ROWS:
            return
        surplus = count - int(MAX_ROWS * KEPT)
        with self._connection:
            oldest = "SELECT key FROM tags ORDER BY used, key LIMIT ?"
            self._connection.execute(f"DELETE FROM tags WHERE key IN ({oldest})", (surplus,))

    def _column(self, name: str, keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        for part in _chunks(keys):
            yield from self._connection.execute(f"SELECT key, {name} FROM tags WHERE key IN ({_marks(part)})", part)

    def _open(self) -> sqlite3.Connection:
        # the event loop hands the store from thread to thread
        connection = sqlite3.connect(self._path or ":memory:", timeout=BUSY_SECONDS, check_same_thread=False)
        try:
            connection.executescript(_SCHEMA)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _discard(self) -> None:
        assert self._path is not None
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                self._path.with_name(self._path.name + suffix).unlink()


@cache
def generation() -> str:
    """Changes with everything that the tags of the same bytes depend on: the queries, our code and the grammars."""
    digest = hashlib.sha256(version("tree-sitter-language-pack").encode())
    for path in (*sorted(QUERIES.glob("*.scm")), Path(__file__).with_name("tags.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _chunks(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


def _marks(part: Sequence[bytes]) -> str:
    return ",".join("?" * len(part))
