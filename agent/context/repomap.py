"""The repository map: the definitions that matter to a task, with their lines, cut to a number of tokens.

The same files and the same query give the same text, byte for byte, whether tags came from the cache or were parsed now.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import orjson

from agent.context.ranking import Graph, RankingQuery
from agent.context.sources import Source, find_sources, key_of, load
from agent.symbols.languages import COMPONENTS
from agent.symbols.parsing import Answer, Job, parse
from agent.symbols.store import TagStore
from agent.symbols.tags import Definition, scripts_only
from agent.token_estimates import estimate_tokens

MAX_LINE = 4_000
"""A file with a longer line is minified, or data: nobody works on it by its definitions."""
MAX_PER_FILE = 30
FLUSH = 500
Definitions = dict[str, tuple[Definition, ...]]


async def repository_map(
    root: Path, files: Sequence[str], *, words: Sequence[str], focus: Sequence[str], tokens: int, cache: Path | None
) -> str:
    """A map of ``files`` (regular files under ``root``) of at most ``tokens`` tokens; "" where there is nothing to say.

    ``words`` are those of the task (``words_of``), ``focus`` the paths that will be worked on, ``cache`` a directory for tags.
    """
    if tokens <= 0:
        return ""
    sources = await asyncio.to_thread(find_sources, root, files)
    if not sources:
        return ""
    query = RankingQuery(words, focus)
    try:
        return await _mapped(root, sources, query, tokens, cache)
    except (sqlite3.Error, OSError):
        if cache is None:
            raise
        # a cache that can't be used costs time, not the run
        return await _mapped(root, sources, query, tokens, None)


async def _mapped(root: Path, sources: Sequence[Source], query: RankingQuery, tokens: int, cache: Path | None) -> str:
    with await asyncio.to_thread(TagStore, cache) as store:
        await _complete(root, sources, store)
        return await asyncio.to_thread(_ranked, sources, query, tokens, store)


async def definitions_in(root: Path, files: Sequence[str], cache: Path | None) -> Definitions:
    """What each of ``files`` defines, in the order of files and lines; files that are not looked into are missing."""
    sources = await asyncio.to_thread(find_sources, root, files)
    try:
        return await _defined(root, sources, cache)
    except (sqlite3.Error, OSError):
        if cache is None:
            raise
        return await _defined(root, sources, None)


async def _defined(root: Path, sources: Sequence[Source], cache: Path | None) -> Definitions:
    with await asyncio.to_thread(TagStore, cache) as store:
        await _complete(root, sources, store)
        found = await asyncio.to_thread(lambda: dict(store.definitions([source.key for source in sources])))
    return {source.path: _read(found.get(source.key)) for source in sources}


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


def _ranked(sources: Sequence[Source], query: RankingQuery, tokens: int, store: TagStore) -> str:
    graph = Graph([source.path for source in sources])
    places: dict[bytes, list[int]] = defaultdict(list)
    for number, source in enumerate(sources):
        places[source.key].append(number)
    keys = list(places)
    # in the order of the files: sums of floats must not depend on the order in which a database gives its rows
    definitions = dict(store.definitions(keys))
    for key, numbers in places.items():
        for number in numbers:
            graph.add_definitions(number, _read(definitions.get(key)))
    references = dict(store.references(keys))
    for key, numbers in places.items():
        used = orjson.loads(references.pop(key, b"{}"))
        for number in numbers:
            graph.add_references(number, used)
    return render(graph.paths, graph.rank(query), tokens)


def render(paths: Sequence[str], ranked: Iterable[tuple[int, Definition]], tokens: int) -> str:
    """The first of ``ranked`` that fit into ``tokens``, by file and line."""
    chosen: dict[int, dict[int, str]] = defaultdict(dict)
    left = tokens
    for file, found in ranked:
        lines = chosen.get(file, {})
        if found.line in lines or len(lines) >= MAX_PER_FILE:
            continue
        line = f"{found.line:>5}| {found.signature}"
        cost = _cost(line) + (0 if lines else _cost(paths[file]))
        if cost > left:
            break
        left -= cost
        chosen[file][found.line] = line
    return "\n".join(
        "\n".join([paths[file], *(line for _, line in sorted(lines.items()))]) for file, lines in sorted(chosen.items())
    )


def _read(data: bytes | None) -> tuple[Definition, ...]:
    return tuple(Definition(*entry) for entry in orjson.loads(data or b"[]"))


def _cost(line: str) -> int:
    return estimate_tokens([line + "\n"])
