"""Which packages a repository's manifests name, by parsing them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from typing import Any

from packaging.utils import canonicalize_name

from agent.documents import read_json, read_toml
from agent.patterns import linear
from agent.stacks.python_manifests import LINES_OF

MAX_CHARACTERS = 2_000_000
"""Of one manifest; a longer one names nothing."""

_NAME = linear(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_REQUIREMENTS = linear(r"(?:[\pL\pN_.-]+[-_.])?requirements[\pL\pN_.-]*\.(?:txt|in)|requirements/[\pL\pN_.-]+\.(?:txt|in)")
_KNOWN = frozenset(("package.json", "composer.json", "Directory.Packages.props", *LINES_OF))
_OF_TOOLS = linear(r"dev|test|lint|doc|ci|build|type")


def packages_of(manifests: Mapping[str, str]) -> frozenset[str]:
    """Lower-case package names in ``manifests`` (path → text). A manifest that can't be parsed names none."""
    names: set[str] = set()
    for path, text in manifests.items():
        found = _names(path, text) if len(text) <= MAX_CHARACTERS else ()
        names.update(name.lower() for name in found)
    return frozenset(names)


def is_manifest(path: str) -> bool:
    name = path.rsplit("/", 1)[-1]
    return name in _KNOWN or name.endswith(".csproj") or _is_requirements(path)


def _is_requirements(path: str) -> bool:
    """requirements.txt, its siblings (dev-requirements.txt, requirements-test.in), and what a folder of that name holds."""
    if "requirements" not in path:
        return False
    *_, folder, name = ("", *path.split("/"))
    return _REQUIREMENTS.fullmatch(name) is not None or _REQUIREMENTS.fullmatch(f"{folder}/{name}") is not None


def names_in(path: str, text: str) -> frozenset[str]:
    """Lower-case names that the manifest at ``path`` declares; none where it can't be parsed."""
    return packages_of({path: text})


def runtime_names(path: str, text: str) -> frozenset[str]:
    """Lower-case names that a project itself needs, and not only its tests, its documentation or one of its extras."""
    name = path.rsplit("/", 1)[-1]
    if len(text) > MAX_CHARACTERS or (_REQUIREMENTS.fullmatch(name) and _OF_TOOLS.search(name)):
        return frozenset()
    try:
        if name == "pyproject.toml":
            data = read_toml(text)
            poetry = data.get("tool", {}).get("poetry", {}).get("dependencies", {})
            return frozenset(requirement_names([*data.get("project", {}).get("dependencies", ()), *poetry]))
        if name == "composer.json":
            return frozenset(key.lower() for key in read_json(text).get("require", {}))
    except (ValueError, AttributeError, TypeError):
        return frozenset()
    return names_in(path, text)


def requirement_names(lines: Iterable[str]) -> list[str]:
    """Normalised distribution names of requirement lines (PEP 508, PEP 503); options and comments name none.

    Only the name is looked at, which is where a line begins: what follows may be of any version of the format, and parsing it
    whole (`packaging.requirements`, as `agent.sandbox.requirements` does) takes several times as long.
    """
    hits = (_NAME.match(line) for line in lines)
    return [canonicalize_name(hit[1]) for hit in hits if hit]


def _names(path: str, text: str) -> Iterable[str]:
    name = path.rsplit("/", 1)[-1]
    try:
        if name in ("package.json", "composer.json"):
            return _json_names(read_json(text))
        if name.endswith((".csproj", ".props")):
            return _csproj_names(text)
        if (lines_of := LINES_OF.get(name)) is not None:
            return requirement_names(lines_of(text))
    except (ValueError, ET.ParseError, AttributeError, TypeError):
        return ()
    return requirement_names(text.splitlines()) if _is_requirements(path) else ()


def _json_names(data: dict[str, Any]) -> list[str]:
    keys = ("dependencies", "devDependencies", "peerDependencies", "require", "require-dev")
    return [name for key in keys for name in data.get(key, {}) if isinstance(name, str)]


def _csproj_names(text: str) -> list[str]:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return []
    tree = ET.fromstring(text)
    return [tree.get("Sdk", ""), *(node.get("Include", "") for node in tree.iter("PackageReference"))]
