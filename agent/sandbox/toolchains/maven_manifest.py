"""Poms of ours that name what the poms of a project name: modules, dependencies and plugins, and nothing that runs.

A pom is a program as much as it is data: executions and configuration of plugins say what to start, extensions are loaded while
it is read, and properties set the options of plugins. Here each element is copied by name or left out, properties get other
names, and plugins that the fetch itself starts get no packages of the project's choice. Repositories that the project names
would be asked at any host, and are refused by name.

Elements: https://maven.apache.org/ref/3.9.9/maven-model/maven.html
"""

from __future__ import annotations

import posixpath
import xml.etree.ElementTree as ET
from collections import deque
from collections.abc import Container, Iterator, Mapping, Sequence
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
MAX_COPIED = 20_000
"""Elements of one pom."""
MAX_NOTES = 100
MAX_NAME = 300
"""Characters of what names one package; they become directories."""
PARENTS = ".parents"
"""Where poms of the registry lie among those of the project, as a pom of the registry does not say where its own are."""
OWN = "own."
"""Before the name of each property: no plugin knows an option of this name."""
STARTED = ("maven-resources-plugin", "maven-compiler-plugin", "maven-surefire-plugin", "maven-dependency-plugin")
PACKAGINGS = ("jar", "pom", "war", "ejb")
"""Whose steps up to the tests are those of a jar; any other is fetched as one."""
_PLUGINS = "org.apache.maven.plugins"
_COORDINATES = ("groupId", "artifactId", "version")
_DEPENDENCY: Mapping[str, object] = {
    **dict.fromkeys((*_COORDINATES, "type", "classifier", "scope", "optional")),
    "exclusions": {"exclusion": dict.fromkeys(("groupId", "artifactId"))},
}
_DEPENDENCIES: Mapping[str, object] = {"dependency": _DEPENDENCY}
_PLUGIN: Mapping[str, object] = {"plugin": {**dict.fromkeys(_COORDINATES), "dependencies": _DEPENDENCIES}}
_MODULES: Mapping[str, object] = {"module": None}
_COMMON: Mapping[str, object] = {
    "modules": _MODULES,
    "properties": {"*": None},
    "dependencyManagement": {"dependencies": _DEPENDENCIES},
    "dependencies": _DEPENDENCIES,
    "build": {"pluginManagement": {"plugins": _PLUGIN}, "plugins": _PLUGIN},
}
_ACTIVATION: Mapping[str, object] = {
    **dict.fromkeys(("activeByDefault", "jdk")),
    "os": dict.fromkeys(("name", "family", "arch", "version")),
    "property": dict.fromkeys(("name", "value")),
}
_PROJECT: Mapping[str, object] = {
    **dict.fromkeys(("modelVersion", *_COORDINATES, "packaging")),
    "parent": dict.fromkeys(_COORDINATES),
    **_COMMON,
    "profiles": {"profile": {"id": None, "activation": _ACTIVATION, **_COMMON}},
}
RUNNER = "maven-surefire-plugin"
_OF_RUNNER = ("groups", "excludedGroups", "parallel")
"""Settings of Surefire by which it takes another of its packages."""
_NO_PLACE = frozenset(("target", ".mvn"))
_NAME = linear(r"[\w-]+(?:\.[\w-]+)*")
_VERSION = linear(r"[\w-]+(?:[.+][\w-]+)*")
_REFERENCE = linear(r"\$\{([^}$]{1,200})\}")


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
class MavenManifest:
    """``poms`` are ours by their paths from the root of the repository; ``parents`` are poms of the registry that they begin
    with; ``modules`` are the directories with something to compile. ``beside`` is what is needed that no started plugin may
    load. ``other_plugins``: there are some beside those that each project has. ``unknown`` says which parent is not among the
    poms: Maven would take it as it is."""

    poms: dict[str, str] = field(default_factory=dict)
    parents: set[Coordinates] = field(default_factory=set)
    modules: list[str] = field(default_factory=list)
    beside: set[Coordinates] = field(default_factory=set)
    other_plugins: bool = False
    unknown: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """All that decides what is fetched."""
        return [*(f"{path}\0{text}" for path, text in sorted(self.poms.items())), *map(str, sorted(self.beside))]


def read(root: Path, directory: str, fetched: Path | None = None) -> MavenManifest:
    """Of the pom in ``directory`` and those that it leads to. ``fetched`` is a repository of Maven in which the parents of the
    registry are; without it they are named only."""
    return _Reader(root, fetched).read(posixpath.join(directory, POM))


def listing(wanted: Sequence[Coordinates], *, kind: str = "jar") -> str:
    """A pom that asks for ``wanted``, packages of one ``kind``; of a pom nothing that it depends on."""
    project = ET.Element("project")
    for name, text in (("modelVersion", "4.0.0"), ("groupId", "fetched"), ("artifactId", "fetched"), ("version", "1")):
        ET.SubElement(project, name).text = text
    ET.SubElement(project, "packaging").text = "pom"
    dependencies = ET.SubElement(project, "dependencies")
    for one in wanted:
        dependency = ET.SubElement(dependencies, "dependency")
        for name, text in zip((*_COORDINATES, "type"), (one.group, one.name, one.version, kind), strict=True):
            ET.SubElement(dependency, name).text = text
        if kind == "pom":
            exclusion = ET.SubElement(ET.SubElement(dependency, "exclusions"), "exclusion")
            for name in ("groupId", "artifactId"):
                ET.SubElement(exclusion, name).text = "*"
    return ET.tostring(project, encoding="unicode")


class _Reader:
    def __init__(self, root: Path, fetched: Path | None) -> None:
        self.root = root
        self.fetched = fetched
        self.found = MavenManifest()
        self.left = MAX_TEXT
        self.known: dict[tuple[Path, str], ET.Element | None] = {}

    def read(self, first: str) -> MavenManifest:
        documents = self._documents(first)
        above = {path: self._local_parent(path, document) for path, document in documents.items()}
        chains = {path: [] if above[path] else self._parents(path, document) for path, document in documents.items()}
        everything = [*documents.values(), *(document for chain in chains.values() for _, document in chain)]
        names = {_local(entry) for document in everything for entry in document.iterfind(".//{*}properties/*")}
        self._extensions(first)
        for path, document in documents.items():
            self._refusals(path, document)
            if (local := above[path]) is not None and local not in documents:
                self.found.unknown = f"The pom {local} is one too many."
            places = [path, *(place for place, _ in chains[path])]
            for at, one in enumerate([document, *(parent for _, parent in chains[path])]):
                parent = places[at + 1] if at + 1 < len(places) else local if at == 0 else None
                if places[at] not in self.found.poms:
                    self.found.poms[places[at]] = self._made(one, places[at], parent, names, documents)
            if _child(document, "packaging") != "pom":
                self.found.modules.append(posixpath.dirname(path))
        return self.found

    def _documents(self, first: str) -> dict[str, ET.Element]:
        """The pom, those of its modules, and those above them in the repository."""
        waiting, seen = deque([first]), {first}
        documents: dict[str, ET.Element] = {}
        while waiting and len(documents) < MAX_POMS:
            path = waiting.popleft()
            document = self._parsed(self.root, path)
            if document is None:
                if path != first:
                    self._refused(f"{path[:200]} (it can't be read)")
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
            self.known[root, path] = _parsed(text) if self.left >= 0 else None
        return self.known[root, path]

    def _refused(self, what: str) -> None:
        if len(self.found.notes) < MAX_NOTES:
            self.found.notes.append(f"refused: {what}")

    def _modules(self, path: str, document: ET.Element) -> Iterator[str]:
        for entry in document.iterfind(".//{*}modules/{*}module"):
            if (place := _place(path, entry.text)) is not None:
                yield place

    def _local_parent(self, path: str, document: ET.Element) -> str | None:
        """Where the pom above it lies in the repository, if it is the one that it names: else Maven asks the registry."""
        parent = document.find("{*}parent")
        if parent is None:
            return None
        entry = parent.find("{*}relativePath")
        place = _place(path, "../pom.xml" if entry is None else entry.text)
        above = self._parsed(self.root, place) if place is not None else None
        if place is None or above is None:
            return None
        inherited = above.find("{*}parent")
        for name in _COORDINATES:
            own = _child(above, name)
            if not own and name != "artifactId" and inherited is not None:
                own = _child(inherited, name)
            if not own or own != _child(parent, name):
                return None
        return place

    def _parents(self, path: str, document: ET.Element) -> list[tuple[str, ET.Element]]:
        """Those of the registry, the nearest first, as far as they are fetched."""
        chain: list[tuple[str, ET.Element]] = []
        while (parent := document.find("{*}parent")) is not None:
            asked = _coordinates(parent)
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

    def _extensions(self, first: str) -> None:
        """What Maven itself loads when it starts here."""
        path = posixpath.join(posixpath.dirname(first), ".mvn/extensions.xml")
        document = self._parsed(self.root, path)
        for entry in document.iterfind("{*}extension") if document is not None else ():
            self._needs(entry)

    def _refusals(self, path: str, document: ET.Element) -> None:
        for name in ("repositories", "pluginRepositories"):
            if document.find(f".//{{*}}{name}") is not None:
                self._refused(f"{path[:200]}: {name} (only the server's own registry is asked)")

    def _made(self, document: ET.Element, path: str, above: str | None, names: set[str], ours: Mapping[str, ET.Element]) -> str:
        left = [MAX_COPIED]
        made = ET.Element("project")
        _copy(document, made, _PROJECT, names, left)
        parent = made.find("parent")
        if parent is not None:
            start = posixpath.dirname(path)
            ET.SubElement(parent, "relativePath").text = posixpath.relpath(above, start or ".") if above else ""
        packaging = made.find("packaging")
        if packaging is not None and packaging.text not in PACKAGINGS:
            packaging.text = "jar"
        for modules in made.iter("modules"):
            _lead_to(modules, path, () if path.startswith(f"{PARENTS}/") else ours)
        for dependencies in made.iter("dependencies"):
            for dependency in list(dependencies):
                if _child(dependency, "scope") == "system":
                    dependencies.remove(dependency)
                    name = _child(dependency, "artifactId")[:100]
                    self._refused(f"{path[:200]}: {name} (not a package of the registry)")
        self._plugins(document, made)
        return ET.tostring(made, encoding="unicode")

    def _plugins(self, document: ET.Element, made: ET.Element) -> None:
        for entry in document.iterfind(".//{*}annotationProcessorPaths/*"):
            self._needs(entry)
        for entry in document.iterfind(".//{*}build/{*}extensions/{*}extension"):
            self._needs(entry)
        chosen = _settings_of_runner(document)
        for plugin in made.iter("plugin"):
            name, group = _child(plugin, "artifactId"), _child(plugin, "groupId")
            is_other = name not in STARTED or group not in ("", _PLUGINS)
            if is_other and "$" not in name + group:  # behind which Maven may put the name of any plugin
                self.found.other_plugins = True
                continue
            for dependencies in plugin.findall("dependencies"):
                for entry in dependencies:
                    self._needs(entry)
                plugin.remove(dependencies)
            if name == RUNNER and chosen:
                configuration = ET.SubElement(plugin, "configuration")
                for setting, text in chosen.items():
                    ET.SubElement(configuration, setting).text = text

    def _needs(self, entry: ET.Element) -> None:
        asked = _coordinates(entry)
        if asked is not None:
            self.found.beside.add(asked)


def _settings_of_runner(document: ET.Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for plugin in document.iterfind(".//{*}plugin"):
        settings = plugin.find("{*}configuration")
        if _child(plugin, "artifactId") == RUNNER and settings is not None:
            found |= {name: text for name in _OF_RUNNER if _VERSION.fullmatch(text := _child(settings, name))}
    return found


def _lead_to(modules: ET.Element, path: str, ours: Container[str]) -> None:
    """Keeps the modules that are among ``ours``, by our own paths: Maven would take any other pom as it is, such as one of the
    registry by its path among the packages."""
    places = dict.fromkeys(_place(path, module.text) for module in modules)
    modules[:] = []
    for place in places:
        if place is not None and place in ours:
            ET.SubElement(modules, "module").text = posixpath.relpath(place, posixpath.dirname(path) or ".")


def _named(above: ET.Element, asked: Coordinates) -> ET.Element:
    """As it is asked for: a pom that calls itself something else would be asked for again, and taken as it is."""
    for name, text in zip(_COORDINATES, (asked.group, asked.name, asked.version), strict=True):
        for entry in above.findall(f"{{*}}{name}"):
            above.remove(entry)
        ET.SubElement(above, name).text = text
    return above


def _place(path: str, said: str | None) -> str | None:
    """The pom that one at ``path`` means: a directory stands for the pom in it. None outside of the repository, where
    something of ours or the settings of Maven lie, and for a name in which Maven would put a property."""
    name = (said or "").strip().replace("\\", "/")
    place = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    place = place if place.endswith(".xml") else posixpath.normpath(f"{place}/{POM}")
    inside = name and not place.startswith(("/", "../", f"{PARENTS}/"))
    return place if inside and "$" not in place and _NO_PLACE.isdisjoint(place.split("/")) else None


def _copy(source: ET.Element, made: ET.Element, allowed: Mapping[str, object], names: set[str], left: list[int]) -> None:
    for entry in source:
        name = _local(entry)
        inside = allowed.get(name, allowed.get("*", ""))
        if inside == "" or left[0] <= 0:
            continue
        left[0] -= 1
        if "*" in allowed:
            if _NAME.fullmatch(name):
                ET.SubElement(made, OWN + name).text = _renamed(entry.text or "", names)
            continue
        copied = ET.SubElement(made, name)
        if isinstance(inside, Mapping):
            _copy(entry, copied, inside, names, left)
        else:
            copied.text = _renamed((entry.text or "").strip(), names)


def _renamed(text: str, names: set[str]) -> str:
    return _REFERENCE.sub(lambda hit: f"${{{OWN}{hit[1]}}}" if hit[1] in names else hit[0], text[:2_000])


def _coordinates(entry: ET.Element) -> Coordinates | None:
    """None where a part is missing, or a property that only Maven could put in."""
    group, name, version = (_child(entry, part) for part in _COORDINATES)
    known = _NAME.fullmatch(group) and _NAME.fullmatch(name) and _VERSION.fullmatch(version)
    return Coordinates(group, name, version) if known and len(group + name + version) <= MAX_NAME else None


def _parsed(text: str | None) -> ET.Element | None:
    """None also for a document with a type or entities of its own, which could stand for any length of text."""
    if text is None or "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    try:
        return ET.fromstring(text)
    except (ET.ParseError, ValueError):  # ValueError: half a surrogate pair
        return None


def _child(entry: ET.Element, name: str) -> str:
    found = entry.find(f"{{*}}{name}")
    return (found.text or "").strip() if found is not None else ""


def _local(entry: ET.Element) -> str:
    return entry.tag.rpartition("}")[2] if isinstance(entry.tag, str) else ""
