"""Which definitions of a repository matter to a task: PageRank over files that use each other's names, drawn towards the task.

After aider's repository map (https://aider.chat/2023/10/22/repomap.html): a file is a node, and an edge leads from where a name
is used to where it is defined. Here the jump back of PageRank goes to what the task names, so that rank flows from there.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import rustworkx

from agent.context.tokenization import all_parts, parts_of
from agent.symbols.tags import Definition

DAMPING = 0.6
"""Lower than the usual 0.85: what is near the task counts, not what everything leads to in the end."""
MAX_DEFINERS = 16
"""A name that more files define (``get``, ``__init__``) says nothing about where a use leads."""
EVERYWHERE = 0.1
"""The share of the jump that goes to all files alike."""
FOCUS, PATH, NAMED, NAME = 60.0, 20.0, 20.0, 10.0
"""What the jump gives to a file that is worked on, to one whose path speaks of the task, to a name that the task has, and to a
name that speaks of it."""
DISTINCT = 3.0
"""Of a name that is long and made of several words: it is hardly used by chance."""
PLAIN = 0.1
"""Of a single short word in lower case (``value``, ``list``): most of its uses are somebody's variable."""
PRIVATE = 0.2
"""Of a name that nobody else is meant to use; a test's, too, whose name is half a sentence."""


@dataclass(frozen=True)
class RankingQuery:
    """What a map should be about: words as the task has them, and paths of files that are to be worked on."""

    words: Sequence[str] = ()
    focus: Sequence[str] = ()


@dataclass
class Graph:
    """Files by number; ``add_definitions`` of all files comes before ``add_references`` of any. ``worth`` is what a definition
    of each file counts, 0-1; without it all count alike."""

    paths: Sequence[str]
    worth: Sequence[float] = ()
    definitions: dict[int, Sequence[Definition]] = field(default_factory=dict)
    _definers: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    # file and count in turn: as tuples, the uses of a large repository would take hundreds of megabytes
    _uses: dict[str, array[int]] = field(default_factory=lambda: defaultdict(lambda: array("I")))

    def add_definitions(self, file: int, definitions: Sequence[Definition]) -> None:
        self.definitions[file] = definitions
        for name in {found.name for found in definitions}:
            self._definers[name].append(file)

    def add_references(self, file: int, references: Mapping[str, int]) -> None:
        for name, count in references.items():
            if 0 < len(self._definers.get(name, ())) <= MAX_DEFINERS:
                self._uses[name].extend((file, count))

    def rank(self, query: RankingQuery) -> list[tuple[int, Definition]]:
        """All definitions, what matters most first; the order depends on nothing but the files and the query."""
        jump, named = self._jump(query)
        if not jump:
            return []
        edges, leaving = self._edges()
        many = len(self.paths)
        graph: rustworkx.PyDiGraph[None, float] = rustworkx.PyDiGraph(multigraph=False)
        graph.add_nodes_from([None] * many)
        graph.add_edges_from([(*divmod(pair, many), edges[pair]) for pair in sorted(edges)])
        del edges
        ranks = rustworkx.pagerank(graph, alpha=DAMPING, weight_fn=float, personalization=jump, tol=1e-9, max_iter=200)
        total = sum(jump.values())
        scored = []
        for file, definitions in self.definitions.items():
            times = Counter(found.name for found in definitions)
            for found in definitions:
                share = self._share_of(found.name)
                uses = self._uses_of(found.name)
                flow = sum(ranks[user] * share * math.sqrt(count) / leaving[user] for user, count in uses if user != file)
                score = DAMPING * flow + (1 - DAMPING) * named.get((file, found.name), 0.0) / total
                score /= times[found.name]
                # of the definitions that nobody uses, those of a file that matters come first
                scored.append((round((score + 1e-4 * ranks[file]) * self._worth_of(file), 12), file, found))
        scored.sort(key=lambda entry: (-entry[0], self.paths[entry[1]], entry[2].line, entry[2].name))
        return [(file, found) for _, file, found in scored]

    def _edges(self) -> tuple[dict[int, float], dict[int, float]]:
        """Weights per pair of files (user * number of files + definer), and of all that leaves a file."""
        edges: dict[int, float] = defaultdict(float)
        leaving: dict[int, float] = defaultdict(float)
        many = len(self.paths)
        for name in self._uses:
            definers, share = self._definers[name], self._share_of(name)
            for file, count in self._uses_of(name):
                weight = share * math.sqrt(count)
                for other in definers:
                    if other != file:
                        edges[file * many + other] += weight
                        leaving[file] += weight
        return edges, leaving

    def _uses_of(self, name: str) -> Iterator[tuple[int, int]]:
        """Files and how often each uses ``name``."""
        pairs = iter(self._uses.get(name, ()))
        return zip(pairs, pairs, strict=True)

    def _share_of(self, name: str) -> float:
        """What one use of ``name`` gives to each file that defines it. What everybody uses says little, as in text search."""
        users = len(self._uses.get(name, ())) // 2
        rare = max(0.05, 1 - math.log(users or 1) / math.log(len(self.paths) + 1)) ** 2
        return _weight(name) * rare / len(self._definers[name])

    def _jump(self, query: RankingQuery) -> tuple[dict[int, float], dict[tuple[int, str], float]]:
        """Weights of the jump per file, and the part of it that is due to one of its names."""
        exact, meant = set(query.words), self._meaning(all_parts(query.words))
        mentioned = {word.strip("./") for word in query.words if "." in word or "/" in word}
        focus = set(query.focus)
        jump: dict[int, float] = defaultdict(float)
        named: dict[tuple[int, str], float] = {}
        for file, path in enumerate(self.paths):
            if path in focus or any(path == word or path.endswith("/" + word) for word in mentioned):
                worth = FOCUS
            else:
                worth = PATH * _match(path_parts(path), meant) * self._worth_of(file)
            if worth:
                jump[file] += worth
                names = {found.name for found in self.definitions.get(file, ())}
                named.update({(file, name): worth / len(names) for name in names})
        for name, definers in self._definers.items():
            strength = NAMED if name in exact and not _is_plain(name) else NAME * _match(parts_of(name), meant)
            for file in definers if strength else ():
                wanted = strength * _weight(name) * self._worth_of(file) / len(definers)
                named[file, name] = named.get((file, name), 0.0) + wanted
                jump[file] += wanted
        if self.paths:
            spread = (sum(jump.values()) or 1.0) * EVERYWHERE / (1 - EVERYWHERE) / len(self.paths)
            for file in range(len(self.paths)):
                jump[file] += spread
        return dict(jump), named

    def _worth_of(self, file: int) -> float:
        return self.worth[file] if self.worth else 1.0

    def _meaning(self, parts: set[str]) -> dict[str, float]:
        """How much each of ``parts`` says, 0-1: the fewer names and paths hold it, the more."""
        held = Counter(part for name in self._definers for part in set(parts_of(name)))
        held.update(part for path in self.paths for part in set(path_parts(path)))
        every = len(self._definers) + len(self.paths) + 1
        return {part: (1 - math.log(held[part]) / math.log(every)) ** 2 for part in sorted(parts) if held[part]}


def path_parts(path: str) -> tuple[str, ...]:
    pure = PurePosixPath(path)
    return (*(part for folder in pure.parts[:-1] for part in parts_of(folder)), *parts_of(pure.stem))


def _weight(name: str) -> float:
    weight = DISTINCT if len(name) >= 8 and len(parts_of(name)) > 1 else PLAIN if _is_plain(name) else 1.0
    return weight * PRIVATE if name.startswith(("_", "test")) else weight


def _is_plain(name: str) -> bool:
    return name.islower() and name.isalpha() and len(name) < 8


def _match(own: Iterable[str], meant: Mapping[str, float]) -> float:
    """How well the parts of a name or path meet the task's: what the common ones say, less where there are others."""
    distinct = sorted(set(own))
    said = sum(meant.get(part, 0.0) for part in distinct)
    return said * sum(part in meant for part in distinct) / len(distinct) if distinct else 0.0
