"""The poms of a Maven project: the first one, those of its modules, and those above them in the repository and the registry.

What of them Maven may see is not decided here but in ``maven_manifest``.
"""

from __future__ import annotations

import posixpath
import xml.etree.ElementTree as ET
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from agent.patterns import linear
from agent.sandbox.node.sources import read_text

POM = "pom.xml"
MAX_POMS = 500
MAX_PARENTS = 20
"""From a pom to the last of its parents."""
MAX_TEXT = 16 << 20
"""Characters of all poms that are read, each counted once; an element of four takes a hundred bytes."""
MAX_NOTES = 100
MAX_NAME = 300
"""Characters of what names one package; they become directories."""
PARENTS = ".parents"
"""Where poms of the registry lie among those of the project, as a pom of the registry does not say where its own are."""
COORDINATES = ("groupId", "artifactId", "version")
_NO_PLACE = frozenset(("target", ".mvn"))
NAME = linear(r"[\w-]+(?:\.[\w-]+)*")
VERSION = linear(r"[\w-]+(?:[.+][\w-]+)*")


@dataclass(frozen=True, order=True)
class Coordinates:
    group: str
    name: str
    version: str

    @property
    def path(self) -> str:
        """Of its pom in a repository of Maven."""
        return f"{self.group.replace('.', '/')}/{self.name}/{self.version}/{self.name}-{self.version}.pom"


@dataclass
class ProjectPoms:
    """``documents`` are the poms of the repository by their paths from its root. ``above`` is the path of the one that each has
    as its parent there; ``chains`` are the parents of the registry of one without such, the nearest first, each with its place
    among the poms. ``parents`` names those of the registry, ``extensions`` what Maven itself would load when it starts.
    ``unknown`` says which parent is not among the poms."""

    documents: dict[str, ET.Element] = field(default_factory=dict)
    above: dict[str, str | None] = field(default_factory=dict)
    chains: dict[str, list[tuple[str, ET.Element]]] = field(default_factory=dict)
    parents: set[Coordinates] = field(default_factory=set)
    extensions: list[ET.Element] = field(default_factory=list)
    unknown: str = ""
    notes: list[str] = field(default_factory=list)

    def refuse(self, what: str) -> None:
        if len(self.notes) < MAX_NOTES:
            self.notes.append(f"refused: {what}")

    @property
    def everything(self) -> Iterator[ET.Element]:
        yield from self.documents.values()
        for chain in self.chains.values():
            yield from (document for _, document in chain)


def read(root: Path, directory: str, fetched: Path | None = None) -> ProjectPoms:
    """The pom in ``directory`` and those that it leads to. ``fetched`` is a repository of Maven in which the parents of the
    registry are; without it they are named only."""
    return _Reader(root, fetched).read(posixpath.join(directory, POM))


class _Reader:
    def __init__(self, root: Path, fetched: Path | None) -> None:
        self.root = root
        self.fetched = fetched
        self.found = ProjectPoms()
        self.left = MAX_TEXT
        self.known: dict[tuple[Path, str], ET.Element | None] = {}

    def read(self, first: str) -> ProjectPoms:
        found = self.found
        found.documents = self._documents(first)
        for path, document in found.documents.items():
            found.above[path] = self._local_parent(path, document)
            found.chains[path] = [] if found.above[path] else self._parents(path, document)
        for above in found.above.values():
            if above is not None and above not in found.documents:
                found.unknown = f"The pom {above} is one too many."
        extensions = self._parsed(self.root, posixpath.join(posixpath.dirname(first), ".mvn/extensions.xml"))
        found.extensions = extensions.findall("{*}extension") if extensions is not None else []
        return found

    def _documents(self, first: str) -> dict[str, ET.Element]:
        """The pom, those of its modules, and those above them in the repository."""
        waiting, seen = deque([first]), {first}
        documents: dict[str, ET.Element] = {}
        while waiting and len(documents) < MAX_POMS:
            path = waiting.popleft()
            document = self._parsed(self.root, path)
            if document is None:
                if path != first:
                    self.found.refuse(f"{path[:200]} (it can't be read)")
                continue
            documents[path] = document
            near = [*islice(self._modules(path, document), MAX_POMS), self._local_parent(path, document)]
            fresh = [one for one in dict.fromkeys(near) if one is not None and one not in seen]
            waiting += fresh
            seen.update(fresh)
        return documents

    def _parsed(self, root: Path, path: str) -> ET.Element | None:
        """Read once, as each module leads to its parent; None also where all that is read becomes too much."""
        if (root, path) not in self.known:
            text = read_text(root, path)
            self.left -= len(text or "")
            self.known[root, path] = parsed(text) if self.left >= 0 else None
        return self.known[root, path]

    def _modules(self, path: str, document: ET.Element) -> Iterator[str]:
        for entry in document.iterfind(".//{*}modules/{*}module"):
            if (place := place_of(path, entry.text)) is not None:
                yield place

    def _local_parent(self, path: str, document: ET.Element) -> str | None:
        """Where the pom above it lies in the repository, if it is the one that it names: else Maven asks the registry."""
        parent = document.find("{*}parent")
        if parent is None:
            return None
        entry = parent.find("{*}relativePath")
        place = place_of(path, "../pom.xml" if entry is None else entry.text)
        above = self._parsed(self.root, place) if place is not None else None
        if place is None or above is None:
            return None
        inherited = above.find("{*}parent")
        for name in COORDINATES:
            own = child(above, name)
            if not own and name != "artifactId" and inherited is not None:
                own = child(inherited, name)
            if not own or own != child(parent, name):
                return None
        return place

    def _parents(self, path: str, document: ET.Element) -> list[tuple[str, ET.Element]]:
        """Those of the registry, the nearest first, as far as they are fetched."""
        chain: list[tuple[str, ET.Element]] = []
        while (parent := document.find("{*}parent")) is not None:
            asked = coordinates_of(parent)
            if asked is None or len(chain) >= MAX_PARENTS:
                self.found.unknown = f"The parent of {path[:200]} is not a package of the registry."
                break
            self.found.parents.add(asked)
            if self.fetched is None:
                break
            above = self._parsed(self.fetched, asked.path)
            if above is None:
                self.found.unknown = f"The parent {asked.group}:{asked.name}:{asked.version} can't be read."
                break
            document = above
            chain.append((f"{PARENTS}/{asked.path}", _named(above, asked)))
        return chain


def _named(above: ET.Element, asked: Coordinates) -> ET.Element:
    """As it is asked for: a pom that calls itself something else would be asked for again, and taken as it is."""
    for name, text in zip(COORDINATES, (asked.group, asked.name, asked.version), strict=True):
        for entry in above.findall(f"{{*}}{name}"):
            above.remove(entry)
        ET.SubElement(above, name).text = text
    return above


def place_of(path: str, said: str | None) -> str | None:
    """The pom that one at ``path`` means: a directory stands for the pom in it. None outside of the repository, where
    something of ours or the settings of Maven lie, and for a name in which Maven would put a property."""
    name = (said or "").strip().replace("\\", "/")
    place = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    place = place if place.endswith(".xml") else posixpath.normpath(f"{place}/{POM}")
    inside = name and not place.startswith(("/", "../", f"{PARENTS}/"))
    return place if inside and "$" not in place and _NO_PLACE.isdisjoint(place.split("/")) else None


def coordinates_of(entry: ET.Element) -> Coordinates | None:
    """None where a part is missing, or a property that only Maven could put in."""
    group, name, version = (child(entry, part) for part in COORDINATES)
    known = NAME.fullmatch(group) and NAME.fullmatch(name) and VERSION.fullmatch(version)
    return Coordinates(group, name, version) if known and len(group + name + version) <= MAX_NAME else None


def parsed(text: str | None) -> ET.Element | None:
    """None also for a document with a type or entities of its own, which could stand for any length of text."""
    if text is None or "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    try:
        return ET.fromstring(text)
    except (ET.ParseError, ValueError):  # ValueError: half a surrogate pair
        return None


def child(entry: ET.Element, name: str) -> str:
    found = entry.find(f"{{*}}{name}")
    return (found.text or "").strip() if found is not None else ""


def local_name(entry: ET.Element) -> str:
    return entry.tag.rpartition("}")[2] if isinstance(entry.tag, str) else ""
