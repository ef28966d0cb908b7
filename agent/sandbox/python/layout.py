"""Where a project's own modules lie, as far as its manifests and its folders say."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from packaging.utils import canonicalize_name

from agent.documents import Unreadable
from agent.sandbox.requirements.declared import strings, table, text_of
from agent.sandbox.requirements.manifests import Manifests, joined, value_of

USUAL = ("src", "lib", "python")
NOT_PACKAGES = frozenset(
    ("test", "tests", "testing", "doc", "docs", "example", "examples", "sample", "samples", "benchmark", "benchmarks", "bench",
     "script", "scripts", "tool", "tools", "ci", "build", "dist", "node_modules", "migrations", "requirements", "packaging",
     "notebooks", "utils", "tasks", "site", "static", "templates", "vendor", "changelog", "news", "stubs", "venv", "env")
)  # fmt: skip
"""Folders at a project's top that are not what it is for, though some have an ``__init__.py``."""
NOT_MODULES = frozenset(
    ("setup", "conftest", "noxfile", "tasks", "manage", "fabfile", "build", "hatch_build", "versioneer", "run")
)


@dataclass(frozen=True)
class ImportNames:
    """``roots`` are directories from the repository's root that modules are imported from. ``main`` modules are what the
    project is for, as far as that is known; ``others`` lie beside them."""

    roots: tuple[str, ...]
    main: tuple[str, ...]
    others: tuple[str, ...]


def layout(files: Manifests, directory: str, name: str) -> ImportNames:
    """Of the project ``name`` in ``directory``."""
    roots = [root for root in dict.fromkeys(_said(files, directory)) if root is not None and list(modules(files, root))]
    if not roots:
        usual = [posixpath.join(directory, folder) for folder in USUAL if folder in files.folders(directory)]
        roots = [root for root in usual if any(_is_package(files, root, module) for module in files.folders(root))][:1] or [
            directory
        ]
    found = {module for root in roots for module in modules(files, root)}
    wanted = canonicalize_name(name).replace("-", "_") if name else ""
    own = {module for module in found if module.lower().replace("-", "_") == wanted}
    main = own or ({module for module in found if module not in NOT_PACKAGES} if roots != [directory] else set())
    return ImportNames(tuple(roots), tuple(sorted(main)), tuple(sorted(found - main - NOT_PACKAGES)))


def modules(files: Manifests, root: str) -> Iterator[str]:
    """Top-level packages with an ``__init__.py``, and single modules."""
    for folder in files.folders(root):
        if folder.isidentifier() and _is_package(files, root, folder):
            yield folder
    for name in files.names(root):
        stem = name.removesuffix(".py")
        if name.endswith(".py") and stem.isidentifier() and stem not in NOT_MODULES and not stem.startswith(("test_", "__")):
            yield stem


def _is_package(files: Manifests, root: str, folder: str) -> bool:
    return "__init__.py" in files.names(posixpath.join(root, folder))


def _said(files: Manifests, directory: str) -> Iterator[str | None]:
    """Directories that the settings of build backends name."""
    with suppress(Unreadable):
        tool = table(files.toml(posixpath.join(directory, "pyproject.toml")), "tool")
        for path in _of_backends(tool):
            yield joined(directory, path)
    with suppress(Unreadable):
        parser = files.ini(posixpath.join(directory, "setup.cfg"))
        for line in value_of(parser, "options", "package_dir").splitlines():
            key, equals, path = line.partition("=")
            if equals and not key.strip():
                yield joined(directory, path.strip())


def _of_backends(tool: dict[str, Any]) -> Iterator[str]:
    with suppress(Unreadable):
        setuptools = table(tool, "setuptools")
        if path := text_of(table(setuptools, "package-dir"), ""):
            yield path
        if isinstance(setuptools.get("packages"), dict):
            yield from strings(table(setuptools, "packages", "find"), "where")
    with suppress(Unreadable):
        for package in strings(table(tool, "hatch", "build", "targets", "wheel"), "packages"):
            yield posixpath.dirname(package) or "."
    with suppress(Unreadable):
        for entry in table(tool, "poetry").get("packages", []) or []:
            if isinstance(entry, dict) and isinstance(entry.get("include"), str):
                yield text_of(entry, "from") or "."
    with suppress(Unreadable):
        if path := text_of(table(tool, "pdm", "build"), "package-dir"):
            yield path
    with suppress(Unreadable):
        if path := text_of(table(tool, "maturin"), "python-source"):
            yield path
