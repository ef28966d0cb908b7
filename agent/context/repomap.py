"""The repository map: the definitions that matter to a task, with their lines, cut to a number of tokens.

The same files and the same query give the same text, byte for byte, whether tags came from the cache or were parsed now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from agent.context.context_budget import UNITS
from agent.context.nesting import MAX_SHOWN, by_line, enclosing, shown
from agent.context.ranking import Graph, RankingQuery
from agent.context.side_paths import worth
from agent.context.tag_index import Definitions, TagIndex, with_tags
from agent.context.tokenization import all_parts
from agent.symbols.tags import Definition
from agent.token_estimates import estimate_weight

__all__ = ["Definitions", "copied", "definitions_in", "names", "ranked", "render", "repository_map"]

MAX_PER_FILE = 30
COPY = 0.01
"""What a definition counts that stands in a copy of a file, against one of the file itself."""
LEAST_COPIED = 3
"""Definitions that two files of one name must share, and have no others, to be copies of each other."""


async def repository_map(
    root: Path, files: Sequence[str], *, words: Sequence[str], focus: Sequence[str], tokens: int, cache: Path | None
) -> str:
    """A map of ``files`` (regular files under ``root``) of at most ``tokens`` tokens; "" where there is nothing to say.

    ``words`` are those of the task (``words_of``), ``focus`` the paths that will be worked on, ``cache`` a directory for tags.
    """
    if tokens <= 0:
        return ""
    query = RankingQuery(words, focus)
    return await with_tags(root, files, cache, lambda index: render(index, ranked(index, query), tokens))


async def definitions_in(root: Path, files: Sequence[str], cache: Path | None) -> Definitions:
    """What each of ``files`` defines, in the order of files and lines; files that are not looked into are missing."""
    return await with_tags(root, files, cache, lambda index: index.definitions)


def ranked(index: TagIndex, query: RankingQuery) -> list[tuple[str, Definition]]:
    """All definitions with their paths, what matters most first."""
    paths = list(index.definitions)
    if not paths:
        return []
    meant, focus = all_parts(query.words), set(query.focus)
    value = {path: 1.0 if path in focus else worth(path, meant) for path in paths}
    copies = copied(index, query)
    graph = Graph(paths, [COPY if path in copies else value[path] for path in paths])
    for number, path in enumerate(paths):
        # a copy defines nothing of its own: else its names would count as ambiguous
        graph.add_definitions(number, () if path in copies else index.definitions[path])
    for number, references in index.references():
        if paths[number] not in copies:
            graph.add_references(number, references)
    return [(paths[file], found) for file, found in graph.rank(query)]


def copied(index: TagIndex, query: RankingQuery) -> set[str]:
    """All but the best of files with the same content, or with the same name (but for its suffix) and definitions."""
    meant, focus = all_parts(query.words), set(query.focus)
    alike: dict[object, list[str]] = defaultdict(list)
    for source in index.sources:
        names = tuple((found.name, found.kind) for found in index.definitions[source.path])
        stem = source.path.rpartition("/")[2].partition(".")[0]
        alike[(stem, names) if len(names) >= LEAST_COPIED else source.key].append(source.path)
    copies: set[str] = set()
    for paths in alike.values():
        if len(paths) > 1:
            first = min(paths, key=lambda path: (path not in focus, -worth(path, meant), path.count("/"), path))
            copies.update(path for path in paths if path != first and path not in focus)
    return copies


def names(index: TagIndex, ranking: Iterable[tuple[str, Definition]], tokens: int) -> str:
    """The first of ``ranking`` that fit into ``tokens``, a line for each file: line numbers and names, those of what encloses
    them before them. For a model that can look up all else."""

    def say(around: Sequence[Definition], found: Definition) -> dict[int, str]:
        return {found.line: f"{found.line} " + ".".join(one.name for one in (*around, found))[:MAX_SHOWN]}

    chosen = _chosen(index, ranking, tokens, say)
    return "\n".join(f"{path}: {', '.join(said)}" for path, said in chosen)


def render(index: TagIndex, ranking: Iterable[tuple[str, Definition]], tokens: int) -> str:
    """The first of ``ranking`` that fit into ``tokens``, by file and line, each below the definitions that enclose it."""

    def say(around: Sequence[Definition], found: Definition) -> dict[int, str]:
        return {one.line: shown(one, depth) for depth, one in enumerate((*around, found))}

    return "\n".join("\n".join([path, *said]) for path, said in _chosen(index, ranking, tokens, say))


def _chosen(
    index: TagIndex,
    ranking: Iterable[tuple[str, Definition]],
    tokens: int,
    say: Callable[[Sequence[Definition], Definition], dict[int, str]],
) -> list[tuple[str, list[str]]]:
    """What fits of what ``say`` says, by line, of a definition and those around it: by path, then by line."""
    lines_of: dict[str, dict[int, Definition]] = {}
    chosen: dict[str, dict[int, str]] = defaultdict(dict)
    left = tokens * UNITS
    for path, found in ranking:
        have = chosen.get(path, {})
        if found.line in have or len(have) >= MAX_PER_FILE:
            continue
        if path not in lines_of:
            lines_of[path] = by_line(index.definitions[path])
        said = say(enclosing(found, lines_of[path]), found)
        wanted = {line: text for line, text in said.items() if line not in have}
        cost = sum(_cost(text) for text in wanted.values()) + (0 if have else _cost(path))
        if cost > left:
            break
        left -= cost
        chosen[path].update(wanted)
    return [(path, [text for _, text in sorted(lines.items())]) for path, lines in sorted(chosen.items())]


def _cost(line: str) -> int:
    return estimate_weight(line + "\n")
