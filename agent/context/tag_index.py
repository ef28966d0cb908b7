"""What the files of a workdir define and use, for those who look at all of them at once: the map, and the names in a task.

Reading and hashing the files takes longer than all else, so it is done once for both.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import orjson

from agent.context.sources import Source, find_sources, key_of, load
from agent.symbols.languages import COMPONENTS
from agent.symbols.parsing import Answer, Job, parse
from agent.symbols.store import TagStore
from agent.symbols.tags import Definition, scripts_only

MAX_LINE = 4_000
"""A file with a longer line is minified, or data: nobody works on it by its definitions."""
FLUSH = 500
Definitions = dict[str, tuple[Definition, ...]]
T = TypeVar("T")


class TagIndex:
    """Tags of ``sources``, which are stored; to be used while the store is open, by one thread."""

    def __init__(self, sources: Sequence[Source], store: TagStore) -> None:
        self.sources = sources
        self._store = store

    @cached_property
    def definitions(self) -> Definitions:
        """By path, in the order of files and lines. Files of the same content share theirs."""
        stored = self._store.definitions(list({source.key: None for source in self.sources}))
        found = {key: tuple(Definition(*entry) for entry in orjson.loads(data)) for key, data in stored}
        return {source.path: found.get(source.key, ()) for source in self.sources}

    def references(self) -> Iterator[tuple[int, dict[str, int]]]:
        """Number of a source and the names that it uses, one after the other: all at once would take hundreds of megabytes. In
        the order of the files: sums of floats must not depend on the order in which a database gives its rows."""
        places: dict[bytes, list[int]] = defaultdict(list)
        for number, source in enumerate(self.sources):
            places[source.key].append(number)
        stored = dict(self._store.references(list(places)))
        for key, numbers in places.items():
            used = orjson.loads(stored.pop(key, b"{}"))
            for number in numbers:
                yield number, used


async def with_tags(root: Path, files: Sequence[str], cache: Path | None, use: Callable[[TagIndex], T]) -> T:
    """What ``use`` makes, in a thread, of the tags of ``files`` (regular files under ``root``). ``cache`` is a directory for
    tags; one that can't be used costs time, not the run."""
    sources = await asyncio.to_thread(find_sources, root, files)
    try:
        return await _used(root, sources, cache, use)
    except (sqlite3.Error, OSError):
        if cache is None:
            raise
        return await _used(root, sources, None, use)


async def _used(root: Path, sources: Sequence[Source], cache: Path | None, use: Callable[[TagIndex], T]) -> T:
    with await asyncio.to_thread(TagStore, cache) as store:
        await _complete(root, sources, store)
        return await asyncio.to_thread(lambda: use(TagIndex(sources, store)))


async def _complete(root: Path, sources: Sequence[Source], store: TagStore) -> None:
    """Parses what the store does not know yet."""
    by_key = {source.key: source for source in sources}
    known = await asyncio.to_thread(store.known, list(by_key))
    parsed: list[tuple[bytes, bytes, bytes]] = []

    def done(job: Job, answer: Answer) -> None:
        parsed.append((job.key, *answer))
        if len(parsed) >= FLUSH:
            store.put(parsed)
            parsed.clear()

    jobs = [_job(root, source) for key, source in by_key.items() if key not in known]
    if jobs:
        await parse(jobs, done)
        store.put(parsed)
        store.prune()


def _job(root: Path, source: Source) -> Job:
    def text() -> bytes | None:
        data = load(root, source.path)
        if data is None or key_of(source.path, data, source.language) != source.key:
            return None
        if max(map(len, data.split(b"\n"))) > MAX_LINE:
            return b""
        return scripts_only(data) if source.path.endswith(COMPONENTS) else data

    return Job(source.key, source.language, text)
