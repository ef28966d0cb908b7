"""Extras for what a project can do when something else is installed: taken where its own code imports it, for its tests try it.

A project that declares many of them says elsewhere with which its tests are run, and none is taken for it here.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from agent.patterns import linear
from agent.sandbox.requirements.declared import ManifestDeclarations
from agent.sandbox.requirements.kinds import is_for_something_else, is_for_tests
from agent.sandbox.requirements.manifests import Manifests
from agent.sandbox.requirements.model import parsed

MAX_PACKAGES = 12
"""Of all these extras together. What needs more may be gigabytes."""
MAX_MODULES = 500
MAX_DEPTH = 6
SKIPPED = frozenset(("node_modules", "venv", "env", "build", "dist", "docs", "doc", "examples", "benchmarks", "site-packages"))

_IMPORT = linear(r"(?m)^[ \t]*(?:from|import)[ \t]+([A-Za-z_]\w*)")


def used(files: Manifests, directory: str, declared: ManifestDeclarations) -> list[str]:
    """Names of extras of the project in ``directory``, in their order."""
    packages = {
        extra: found
        for extra in declared.extras
        if not (is_for_tests(extra) or is_for_something_else(extra)) and (found := _packages(declared, extra))
    }
    if not packages or len(set().union(*packages.values())) > MAX_PACKAGES:
        return []
    imported = {name.lower() for path in _modules(files, directory) for name in _IMPORT.findall(files.text(path) or "")}
    return [extra for extra, names in packages.items() if any(imported & _modules_of(name) for name in names)]


def _packages(declared: ManifestDeclarations, extra: str) -> set[str]:
    found = (parsed(declaration.text.strip()) for declaration in declared.extras[extra])
    names: set[str] = {canonicalize_name(requirement.name) for requirement in found if isinstance(requirement, Requirement)}
    return names - {canonicalize_name(declared.name)}


def _modules_of(name: str) -> set[str]:
    """What the modules of a distribution are usually called: python-slugify has slugify, pyyaml yaml."""
    short = name.removeprefix("python-").removesuffix("-python")
    return {word.replace("-", "_") for word in (name, short, name.removeprefix("py"))}


def _modules(files: Manifests, directory: str) -> Iterator[str]:
    left, waiting = MAX_MODULES, [(directory, 0)]
    while waiting and left > 0:
        place, depth = waiting.pop(0)
        for name in files.names(place):
            if name.endswith(".py") and left > 0:
                left -= 1
                yield posixpath.join(place, name)
        if depth < MAX_DEPTH:
            inside = (name for name in files.folders(place) if not name.startswith(".") and name not in SKIPPED)
            waiting += [(posixpath.join(place, name), depth + 1) for name in inside]
