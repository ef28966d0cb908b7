"""[project], [dependency-groups] and [build-system] of pyproject.toml (PEP 621, PEP 735, PEP 517)."""

from __future__ import annotations

from typing import Any

from packaging.utils import canonicalize_name

from agent.documents import Unreadable
from agent.sandbox.requirements.declared import BuildSystem, Declaration, ManifestDeclarations, strings, table, text_of
from agent.sandbox.requirements.manifests import joined


def read_project(data: dict[str, Any], directory: str, into: ManifestDeclarations) -> None:
    """Raises ``Unreadable``."""
    project = table(data, "project")
    into.name = into.name or text_of(project, "name")
    into.version = into.version or text_of(project, "version")
    into.python = into.python or text_of(project, "requires-python")
    into.dynamic |= frozenset(strings(project, "dynamic"))
    into.runtime += [Declaration(line, "pyproject.toml: [project] dependencies") for line in strings(project, "dependencies")]
    extras = table(project, "optional-dependencies")
    for name in extras:
        where = f"pyproject.toml: extra {name}"
        into.extras.setdefault(canonicalize_name(name), []).extend(Declaration(line, where) for line in strings(extras, name))


def read_groups(data: dict[str, Any], directory: str, into: ManifestDeclarations) -> None:
    """Raises ``Unreadable``."""
    groups = table(data, "dependency-groups")
    for name, items in groups.items():
        if not isinstance(items, list):
            raise Unreadable(f"dependency-groups.{name} is not a list")
        into.groups.setdefault(canonicalize_name(name), []).extend(items)


def read_build(data: dict[str, Any], directory: str, into: ManifestDeclarations) -> None:
    """Raises ``Unreadable``."""
    build = table(data, "build-system")
    if not build:
        return
    paths = [joined(directory, path) for path in strings(build, "backend-path")]
    into.build = BuildSystem(
        tuple(strings(build, "requires")), text_of(build, "build-backend"), tuple(path for path in paths if path is not None)
    )
