"""The package.json files of a project as package managers may see them: who a package is and what it depends on.

A name of the project's own, be it the project itself or a member of its workspace, always means the working tree. Its copy in
the registry would be tested instead of the change, or be a stranger's package of the same name.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.sandbox.node import sources, specs

GROUPS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
MAX_MEMBERS = 1_000
MAX_NOTES = 40
PLACEHOLDER = "#!/usr/bin/env node\n"
"""What stands for a member's program, so that a package manager makes a link to it."""


@dataclass
class Package:
    """``data`` is what is left of the package.json in ``directory`` (from the project's top, "" for the top itself), ``asked``
    what it asked for, by group and name. ``programs`` are the files that its ``bin`` names."""

    directory: str
    name: str
    version: str
    data: dict[str, Any]
    asked: dict[str, dict[str, Any]]
    programs: list[str] = field(default_factory=list)

    def path(self, name: str) -> str:
        return f"{self.directory}/{name}" if self.directory else name


@dataclass
class Packages:
    """``top`` and ``members``; ``links`` are (directory, name, directory it means) of those names that no package manager is
    asked for. ``refused`` are names that come from elsewhere. ``rewritten`` says that one is asked for something else than the
    package.json files themselves say."""

    top: Package
    members: list[Package]
    links: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    rewritten: bool = False

    @property
    def all(self) -> list[Package]:
        return [self.top, *self.members]

    @property
    def own(self) -> dict[str, Package]:
        """By name; of two with one name it is the outer one."""
        return {package.name: package for package in reversed(self.all) if package.name}

    def note(self, text: str) -> None:
        if len(self.notes) < MAX_NOTES and text not in self.notes:
            self.notes.append(text)


def read(root: Path, manifest: dict[str, Any], workspace: dict[str, Any] | None) -> Packages:
    """``manifest`` and the members that belong to it, cleaned, their dependencies on each other not yet rewritten: that is for
    ``link``."""
    found = Packages(_package("", manifest), [])
    for directory in sources.members(root, manifest, workspace)[:MAX_MEMBERS]:
        _add(found, root, directory)
    for package in found.all:  # grows meanwhile: what is next to a package may have another next to it
        for directory in _beside(package):
            known = {one.directory for one in found.all}
            if directory not in known and len(known) < MAX_MEMBERS and sources.is_plain_directory(root, directory):
                _add(found, root, directory)
    return found


def link(found: Packages, catalogs: Mapping[str, Mapping[str, Any]], protocol: bool) -> None:
    """Fills in what each package depends on. Own names become ``workspace:*`` where the package manager knows that
    ``protocol``, else exactly the version that the member has."""
    own = found.own
    for package in found.all:
        for group in GROUPS:
            kept = {}
            for name, spec in package.asked.get(group, {}).items():
                wanted = _wanted(found, own, package, group, name, spec, catalogs, protocol)
                found.rewritten |= wanted not in (spec, specs.plain_range(spec)) and not str(spec).startswith("catalog:")
                if wanted is not None:
                    kept[name] = wanted
            if kept:
                package.data[group] = kept


def clean_overrides(found: Packages, tree: Any, where: str, catalogs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The overrides or resolutions of ``tree``: plain versions, references to a dependency (``$name``), and nested ones."""
    kept: dict[str, Any] = {}
    for name, spec in tree.items() if isinstance(tree, dict) else ():
        if isinstance(spec, dict):
            kept[name] = clean_overrides(found, spec, where, catalogs)
        elif isinstance(spec, str) and spec.startswith("$") and specs.is_name(spec[1:]):
            kept[name] = spec
        elif (wanted := plain(found, spec, catalogs, f"{where}: {name}")) is not None:
            kept[name] = wanted
        else:
            found.note(f"refused: {where}: {name}: {_told(spec)} (not a plain version)")
    return kept


def plain(found: Packages, spec: object, catalogs: Mapping[str, Mapping[str, Any]], where: str) -> str | None:
    """``spec`` as a range of the registry, a catalogue's entry looked up by the name at the end of ``where``."""
    if isinstance(spec, str) and spec.startswith("catalog:"):
        entry = catalogs.get(spec.removeprefix("catalog:") or "default", {}).get(where.rpartition(": ")[2])
        spec = entry if isinstance(entry, str) else spec
    if (base := specs.patched(spec)) is not None:
        if not specs.is_builtin_patch(str(spec)):
            found.note(f"{where}: the repository's patch of this package is not applied")
        return base
    return specs.plain_range(spec)


def _wanted(
    found: Packages, own: Mapping[str, Package], package: Package, group: str, name: str, spec: object,
    catalogs: Mapping[str, Mapping[str, Any]], protocol: bool,
) -> str | None:  # fmt: skip
    where = f"{package.path(sources.MANIFEST)}: {group}"
    if not specs.is_name(name):
        found.note(f"refused: {where}: {_told(name)} (not the name of a package)")
        return None
    target = own.get(name)
    path = specs.local_path(spec)
    beside = posixpath.normpath(posixpath.join(package.directory, path)) if path is not None else None
    if target is None and beside is not None:
        target = next((one for one in found.all if one.directory == ("" if beside == "." else beside)), None)
    if target is not None:
        if target.name == name and target.directory and target is not package:
            if not protocol:
                return target.version
            return spec if isinstance(spec, str) and specs.is_workspace_range(spec) else "workspace:*"
        if group != "peerDependencies":
            found.links.append((package.directory, name, target.directory))
        return None
    wanted = plain(found, spec, catalogs, f"{where}: {name}")
    if wanted is None:
        found.refused.add(name)
        found.note(f"refused: {where}: {name}: {_told(spec)} (not a plain name and version)")
    return wanted


def _add(found: Packages, root: Path, directory: str) -> None:
    data = sources.read_object(root, f"{directory}/{sources.MANIFEST}")
    if data is None:
        return
    package = _package(directory, data)
    if package.name and package.name in found.own and found.own[package.name].directory:
        found.note(f"{package.path(sources.MANIFEST)}: left out, as another member has the name {package.name} too")
        return
    found.members.append(package)


def _package(directory: str, data: dict[str, Any]) -> Package:
    name = data["name"] if specs.is_name(data.get("name")) else ""
    version = data["version"] if specs.is_version(data.get("version")) else "0.0.0"
    given = name or ("project" if not directory else "member-" + directory.replace("/", "-").strip(".-~@ "))
    kept: dict[str, Any] = {"name": given, "version": version, "private": True}
    asked = {group: data[group] for group in GROUPS if isinstance(data.get(group), dict)}
    optional = data.get("peerDependenciesMeta")
    if isinstance(optional, dict):
        metas = {
            key: {"optional": True} for key, meta in optional.items() if isinstance(meta, dict) and meta.get("optional") is True
        }
        kept["peerDependenciesMeta"] = {key: meta for key, meta in metas.items() if specs.is_name(key)}
    found = Package(directory, name, version, kept, asked)
    if directory and name:
        kept |= _programs(found, data.get("bin"))
    return found


def _programs(package: Package, asked: object) -> dict[str, Any]:
    """The member's ``bin`` with paths inside of it."""
    entries = {package.name.rpartition("/")[2]: asked} if isinstance(asked, str) else asked if isinstance(asked, dict) else {}
    kept = {}
    for name, path in entries.items():
        inside = posixpath.normpath(path) if isinstance(path, str) and len(path) < specs.MAX_SPEC and "\0" not in path else ".."
        if specs.is_name(name) and "/" not in name and not inside.startswith(("..", "/", "node_modules/")) and inside != ".":
            kept[name] = inside
            package.programs.append(inside)
    return {"bin": kept} if kept else {}


def _beside(package: Package) -> list[str]:
    """The directories of the project that a package takes by their path."""
    found = []
    for group in GROUPS:
        for spec in package.asked.get(group, {}).values():
            if (path := specs.local_path(spec)) is not None:
                directory = posixpath.normpath(posixpath.join(package.directory, path))
                if directory != "." and not directory.startswith(("..", "/")):
                    found.append(directory)
    return found


def _told(value: object) -> str:
    return str(value)[:200]
