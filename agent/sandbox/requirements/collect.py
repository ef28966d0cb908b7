"""Which Python packages the tests of a project need, read without running anything of it.

Only names with versions and markers (PEP 508) are asked of an index. Options, addresses and VCS references would run code of
others or reach other hosts than the configured index, and are refused by name. What names a project of this repository, the
project itself first of all, is that project: its own requirements are taken, and its name is never asked of an index.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from agent.sandbox.lockfiles import pins
from agent.sandbox.requirements import directory as directories
from agent.sandbox.requirements import features, plugins, workspace
from agent.sandbox.requirements.commands import add, of_line
from agent.sandbox.requirements.declared import Declaration, ManifestDeclarations
from agent.sandbox.requirements.kinds import is_for_something_else, is_for_tests
from agent.sandbox.requirements.manifests import Manifests, joined
from agent.sandbox.requirements.model import Requirements, parsed
from agent.sandbox.requirements.requirement_files import RequirementFiles, compiled, usual
from agent.stacks.manifests import requirement_names

MAX_PROJECTS = 50
MAX_DEPTH = 50
"""Extras and groups that name others."""
MAX_TAKEN = 20_000
"""Requirements of all files and tables, those of extras that name others among them."""


def collect(root: Path, extra: Iterable[str] = (), *, directory: str = "", commands: Iterable[str] = ()) -> Requirements:
    """Reads the manifests of ``directory`` (from ``root``, "" is the top) and of the projects of the repository that it needs.

    ``commands`` are lines that install the project or run its tests: the extras, groups, files and packages that they name are
    taken too. ``extra`` names are added where nobody asks for them.
    """
    return _Collector(Manifests(root), directory).collect(extra, commands)


class _Collector:
    def __init__(self, files: Manifests, directory: str) -> None:
        self._files = files
        self._directory = directory
        self._found = Requirements()
        self._declared: dict[str, ManifestDeclarations] = {}
        self._by_name: dict[str, str] = {}
        self._sources: dict[str, str] = {}
        self._taken: set[tuple[str, str, str]] = set()
        self._left = MAX_TAKEN
        self._depth = 0

    def collect(self, extra: Iterable[str], commands: Iterable[str]) -> Requirements:
        found = self._found
        top, members = workspace.around(self._files, self._directory)
        self._sources |= self._read(top).sources
        for place in members:
            self._know(place)
        own = self._know(self._directory)
        self._sources |= own.sources
        for line in commands:
            add(of_line(line), f"the command {line[:80]!r}", own)
        self._project(self._directory)
        self._for_tests(self._directory, own)
        if top != self._directory:
            self._groups(top, self._read(top))
        self._requirement_files(own)
        for declaration in own.constraints + (self._read(top).constraints if top != self._directory else []):
            self._take(declaration, self._directory, constraint=True)
        names = found.names
        for declaration in own.otherwise:
            if not names & set(requirement_names([declaration.text])):
                self._take(declaration, self._directory)
        names = found.names | found.own
        found.lines += [name for name in extra if name not in names]
        if "pytest" in found.names | found.own:
            found.lines += [name for name in plugins.named(self._files, self._directory) if name not in found.names | found.own]
        self._pins(top)
        return found

    def _read(self, place: str) -> ManifestDeclarations:
        if place not in self._declared:
            self._declared[place] = directories.read(self._files, place, self._found)
        return self._declared[place]

    def _know(self, place: str) -> ManifestDeclarations:
        """Notes the name of the project at ``place``."""
        declared = self._read(place)
        if declared.name:
            name = canonicalize_name(declared.name)
            self._by_name.setdefault(name, place)
            self._found.own.add(name)
        return declared

    def _project(self, place: str) -> None:
        """Takes what the project at ``place`` needs to run, once."""
        if place in self._found.projects:
            return
        if len(self._found.projects) >= MAX_PROJECTS:
            self._found.refuse(place, "this directory", f"more than {MAX_PROJECTS} projects of the repository")
            return
        declared = self._know(place)
        self._found.projects[place] = declared
        for source, where in declared.sources.items():
            self._sources.setdefault(source, where)
        for declaration in declared.runtime:
            self._take(declaration, place)

    def _for_tests(self, place: str, declared: ManifestDeclarations) -> None:
        """What the tests of the project need beside."""
        asked = declared.asked_extras | set(features.used(self._files, place, declared))
        for name in declared.extras:
            if is_for_tests(name) or name in asked or declared.all_extras:
                self._extra(place, name)
        self._groups(place, declared)
        for declaration in declared.always:
            self._take(declaration, place)

    def _groups(self, place: str, declared: ManifestDeclarations) -> None:
        for name in declared.groups:
            by_default = name in declared.by_default and not is_for_something_else(name)
            if by_default or is_for_tests(name) or name in declared.asked_groups or declared.all_groups:
                self._group(place, name)

    def _extra(self, place: str, name: str) -> None:
        if self._is_taken(place, "extra", name):
            return
        declared = self._read(place)
        if name not in declared.extras:
            self._found.refuse(place or "the project", f"extra {name}", "it is not declared")
        self._depth += 1
        for declaration in declared.extras.get(name, ()):
            self._take(declaration, place)
        self._depth -= 1

    def _is_taken(self, place: str, kind: str, name: str) -> bool:
        """Whether the extra or group was taken already, or lies too deep inside of others; notes that it is."""
        if self._depth >= MAX_DEPTH:
            self._found.refuse(place or "the project", f"{kind} {name}", f"more than {MAX_DEPTH} name each other")
            return True
        known = (place, kind, name) in self._taken
        self._taken.add((place, kind, name))
        return known

    def _group(self, place: str, name: str) -> None:
        if self._is_taken(place, "group", name):
            return
        where = posixpath.join(place, f"pyproject.toml: group {name}")
        items = self._read(place).groups.get(name)
        if items is None:
            self._found.refuse(where, "this group", "it is not declared")
        self._depth += 1
        for item in items or ():
            if isinstance(item, Declaration):
                self._take(item, place)
            elif isinstance(item, str):
                self._take(Declaration(item, where), place)
            elif isinstance(item, Mapping) and isinstance(item.get("include-group"), str):
                self._group(place, canonicalize_name(item["include-group"]))
            else:
                self._found.refuse(where, str(item), "neither a requirement nor a group to include")
        self._depth -= 1

    def _requirement_files(self, own: ManifestDeclarations) -> None:
        reader = RequirementFiles(self._files, self._found, self._take_line)
        for name in usual(self._files, self._directory):
            reader.read(name)
            if lock := compiled(self._files, name):
                self._compiled(lock)
        for name in own.files:
            path = joined(self._directory, name)
            if path is None or self._files.text(path) is None:
                self._found.refuse(name, "the file", "it is missing, or outside of the repository")
            else:
                reader.read(path)

    def _compiled(self, name: str) -> None:
        """Takes the versions of a requirements.txt that was made of requirements.in as those of a lock file."""
        lines = RequirementFiles(self._files, Requirements(), lambda line, *_: self._found.pins.append(line))
        lines.read(name)

    def _take_line(self, line: str, where: str, directory: str, constraint: bool) -> None:
        """pip takes local directories as relative to where it is called, which is the project's; some mean the file's."""
        self._take(Declaration(line, where), self._directory, constraint=constraint, beside=directory)

    def _take(self, declaration: Declaration, place: str, *, constraint: bool = False, beside: str = "") -> None:
        line, where = declaration.text.strip(), declaration.where
        where = where if beside or not place or where.startswith("the command") else posixpath.join(place, where)
        self._left -= 1
        if self._left == 0:
            self._found.refuse(where, line, f"more than {MAX_TAKEN} requirements")
        if self._left <= 0 or not line:
            return
        local = _local(line)
        if local is not None:
            self._local(
                line, where, [path for base in (place, beside) if (path := joined(base, local[0])) is not None], local[1]
            )
            return
        requirement = parsed(line)
        if isinstance(requirement, str):
            self._found.refuse(where, line, requirement)
            return
        name = canonicalize_name(requirement.name)
        source = self._sources.get(name)
        if constraint and (name in self._by_name or source is not None):
            return
        if name in self._by_name:
            self._member(self._by_name[name], requirement.extras)
        elif source is not None and source.startswith("!"):
            self._found.refuse(where, line, source[1:])
        elif source is not None:
            self._local(line, where, [source], requirement.extras)
        elif requirement.url is not None:
            self._found.refuse(where, line, "not a plain name and version")
        else:
            (self._found.constraints if constraint else self._found.lines).append(line)

    def _local(self, line: str, where: str, places: list[str], extras: Iterable[str]) -> None:
        """Takes the first of ``places`` that is a project."""
        for place in places:
            if any(
                self._files.text(posixpath.join(place, name)) is not None
                for name in ("pyproject.toml", "setup.py", "setup.cfg")
            ):
                self._know(place)
                self._member(place, extras)
                return
        self._found.refuse(where, line, "not a project of this repository")

    def _member(self, place: str, extras: Iterable[str]) -> None:
        self._project(place)
        for extra in extras:
            self._extra(place, canonicalize_name(extra))

    def _pins(self, top: str) -> None:
        """Those of the nearest lock file, up to the top of the workspace or the repository."""
        place, found = self._directory, self._found
        while not (locked := pins(self._files.root / place)) and place:
            place = posixpath.dirname(place)
        plain = (line for line in [*locked, *found.pins] if isinstance(parsed(line), Requirement))
        found.pins = [line for line in dict.fromkeys(plain) if not found.own & set(requirement_names([line]))]


def _local(line: str) -> tuple[str, list[str]] | None:
    """The directory and extras of ``-e .[test]``, ``./lib``, ``file:lib``; None where it is a name, an option or an address."""
    text = line
    for option in ("--editable", "-e"):
        if text.startswith(option):
            text = text[len(option) :].lstrip(" =")
            break
    else:
        if not text.startswith((".", "file:")) and " @ ./" not in text:
            return None
    text = text.partition(" @ ")[2] or text
    text = text.partition("#")[0].partition(" ;")[0].strip()
    text = text.removeprefix("file://").removeprefix("file:")
    if "://" in text or text.startswith(("git+", "hg+", "svn+", "bzr+")):
        return None
    path, bracket, rest = text.partition("[")
    extras = rest.partition("]")[0] if bracket else ""
    return path.strip() or ".", [name.strip() for name in extras.split(",") if name.strip()]
