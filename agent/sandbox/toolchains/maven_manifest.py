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
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from agent.patterns import linear
from agent.sandbox.toolchains import maven_poms
from agent.sandbox.toolchains.maven_poms import (
    COORDINATES,
    NAME,
    PARENTS,
    VERSION,
    Coordinates,
    ProjectPoms,
    child,
    coordinates_of,
    local_name,
    place_of,
)

MAX_COPIED = 20_000
"""Elements of one pom."""
OWN = "own."
"""Before the name of each property: no plugin knows an option of this name."""
STARTED = ("maven-resources-plugin", "maven-compiler-plugin", "maven-surefire-plugin", "maven-dependency-plugin")
PACKAGINGS = ("jar", "pom", "war", "ejb")
"""Whose steps up to the tests are those of a jar; any other is fetched as one."""
_PLUGINS = "org.apache.maven.plugins"
_DEPENDENCY: Mapping[str, object] = {
    **dict.fromkeys((*COORDINATES, "type", "classifier", "scope", "optional")),
    "exclusions": {"exclusion": dict.fromkeys(("groupId", "artifactId"))},
}
_DEPENDENCIES: Mapping[str, object] = {"dependency": _DEPENDENCY}
_PLUGIN: Mapping[str, object] = {"plugin": {**dict.fromkeys(COORDINATES), "dependencies": _DEPENDENCIES}}
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
    **dict.fromkeys(("modelVersion", *COORDINATES, "packaging")),
    "parent": dict.fromkeys(COORDINATES),
    **_COMMON,
    "profiles": {"profile": {"id": None, "activation": _ACTIVATION, **_COMMON}},
}
RUNNER = "maven-surefire-plugin"
_OF_RUNNER = ("groups", "excludedGroups", "parallel")
"""Settings of Surefire by which it takes another of its packages."""
PROPERTIES = ".//{*}properties/*"
_REFERENCE = linear(r"\$\{([^}$]{1,200})\}")


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
    return _Writer(maven_poms.read(root, directory, fetched)).write()


def listing(wanted: Sequence[Coordinates], *, kind: str = "jar") -> str:
    """A pom that asks for ``wanted``, packages of one ``kind``; of a pom nothing that it depends on."""
    project = ET.Element("project")
    for name, text in (("modelVersion", "4.0.0"), ("groupId", "fetched"), ("artifactId", "fetched"), ("version", "1")):
        ET.SubElement(project, name).text = text
    ET.SubElement(project, "packaging").text = "pom"
    dependencies = ET.SubElement(project, "dependencies")
    for one in wanted:
        dependency = ET.SubElement(dependencies, "dependency")
        for name, text in zip((*COORDINATES, "type"), (one.group, one.name, one.version, kind), strict=True):
            ET.SubElement(dependency, name).text = text
        if kind == "pom":
            exclusion = ET.SubElement(ET.SubElement(dependency, "exclusions"), "exclusion")
            for name in ("groupId", "artifactId"):
                ET.SubElement(exclusion, name).text = "*"
    return ET.tostring(project, encoding="unicode")


class _Writer:
    def __init__(self, project: ProjectPoms) -> None:
        self.project = project
        self.properties = {local_name(entry) for document in project.everything for entry in document.iterfind(PROPERTIES)}
        self.found = MavenManifest(parents=project.parents, unknown=project.unknown, notes=project.notes)

    def write(self) -> MavenManifest:
        for entry in self.project.extensions:
            self._needs(entry)
        for path, document in self.project.documents.items():
            self._refusals(path, document)
            chain = [(path, document), *self.project.chains[path]]
            parents: list[str | None] = [place for place, _ in chain[1:]] or [self.project.above[path]]
            for (place, one), parent in zip_longest(chain, parents):
                if place not in self.found.poms:
                    self.found.poms[place] = self._made(one, place, parent)
            if child(document, "packaging") != "pom":
                self.found.modules.append(posixpath.dirname(path))
        return self.found

    def _refusals(self, path: str, document: ET.Element) -> None:
        for name in ("repositories", "pluginRepositories"):
            if document.find(f".//{{*}}{name}") is not None:
                self.project.refuse(f"{path[:200]}: {name} (only the server's own registry is asked)")

    def _made(self, document: ET.Element, path: str, above: str | None) -> str:
        left = [MAX_COPIED]
        made = ET.Element("project")
        _copy(document, made, _PROJECT, self.properties, left)
        parent = made.find("parent")
        if parent is not None:
            start = posixpath.dirname(path)
            ET.SubElement(parent, "relativePath").text = posixpath.relpath(above, start or ".") if above else ""
        packaging = made.find("packaging")
        if packaging is not None and packaging.text not in PACKAGINGS:
            packaging.text = "jar"
        for modules in made.iter("modules"):
            _lead_to(modules, path, () if path.startswith(f"{PARENTS}/") else self.project.documents)
        for dependencies in made.iter("dependencies"):
            for dependency in list(dependencies):
                if child(dependency, "scope") == "system":
                    dependencies.remove(dependency)
                    name = child(dependency, "artifactId")[:100]
                    self.project.refuse(f"{path[:200]}: {name} (not a package of the registry)")
        self._plugins(document, made)
        return ET.tostring(made, encoding="unicode")

    def _plugins(self, document: ET.Element, made: ET.Element) -> None:
        for entry in document.iterfind(".//{*}annotationProcessorPaths/*"):
            self._needs(entry)
        for entry in document.iterfind(".//{*}build/{*}extensions/{*}extension"):
            self._needs(entry)
        chosen = _settings_of_runner(document)
        for plugin in made.iter("plugin"):
            group, name = child(plugin, "groupId"), child(plugin, "artifactId")
            started = group in ("", _PLUGINS) and name in STARTED
            self.found.other_plugins |= not started
            # Maven puts properties in before it joins plugins of one name, so that any of these may be a started one
            if not started and "$" not in group + name:
                continue
            for dependencies in plugin.findall("dependencies"):
                for entry in dependencies:
                    self._needs(entry)
                plugin.remove(dependencies)
            if started and name == RUNNER and chosen:
                configuration = ET.SubElement(plugin, "configuration")
                for setting, text in chosen.items():
                    ET.SubElement(configuration, setting).text = text

    def _needs(self, entry: ET.Element) -> None:
        asked = coordinates_of(entry)
        if asked is not None:
            self.found.beside.add(asked)


def _settings_of_runner(document: ET.Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for plugin in document.iterfind(".//{*}plugin"):
        settings = plugin.find("{*}configuration")
        if child(plugin, "artifactId") == RUNNER and settings is not None:
            found |= {name: text for name in _OF_RUNNER if VERSION.fullmatch(text := child(settings, name))}
    return found


def _lead_to(modules: ET.Element, path: str, ours: Container[str]) -> None:
    """Keeps the modules that are among ``ours``, by our own paths: Maven would take any other pom as it is, such as one of the
    registry by its path among the packages."""
    places = dict.fromkeys(place_of(path, module.text) for module in modules)
    modules[:] = []
    for place in places:
        if place is not None and place in ours:
            ET.SubElement(modules, "module").text = posixpath.relpath(place, posixpath.dirname(path) or ".")


def _copy(source: ET.Element, made: ET.Element, allowed: Mapping[str, object], names: set[str], left: list[int]) -> None:
    for entry in source:
        name = local_name(entry)
        inside = allowed.get(name, allowed.get("*", ""))
        if inside == "" or left[0] <= 0:
            continue
        left[0] -= 1
        if "*" in allowed:
            if NAME.fullmatch(name):
                ET.SubElement(made, OWN + name).text = _renamed(entry.text or "", names)
            continue
        copied = ET.SubElement(made, name)
        if isinstance(inside, Mapping):
            _copy(entry, copied, inside, names, left)
        else:
            copied.text = _renamed((entry.text or "").strip(), names)


def _renamed(text: str, names: set[str]) -> str:
    return _REFERENCE.sub(lambda hit: f"${{{OWN}{hit[1]}}}" if hit[1] in names else hit[0], text[:2_000])
