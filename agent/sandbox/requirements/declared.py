"""What the manifests of one directory declare, whatever their format: each reader of this package adds to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from packaging.utils import canonicalize_name

from agent.documents import Unreadable


@dataclass(frozen=True)
class Declaration:
    """A requirement as it is written (PEP 508, or a local directory), and where: "pyproject.toml: [project] dependencies"."""

    text: str
    where: str


@dataclass(frozen=True)
class BuildSystem:
    """``requires`` are wheels that the build needs; ``backend`` "module:object" with ``paths``, directories of the repository
    that it may lie in (PEP 517). "" is setuptools as it was before there was a choice."""

    requires: tuple[str, ...] = ("setuptools",)
    backend: str = ""
    paths: tuple[str, ...] = ()


@dataclass
class ManifestDeclarations:
    """Names of extras and groups are normalised (PEP 503).

    ``groups`` hold what PEP 735 has there, tables too; ``by_default`` names those that are installed unless somebody says no.
    ``always`` is for development whatever is asked for. ``otherwise`` are lines for packages that no other line names.
    ``asked_extras``, ``asked_groups``, ``all_extras``, ``all_groups`` and ``files`` are what the configuration of test runners
    and commands name. ``sources`` gives for a name the directory of the repository, from its root, that it comes from, or "!"
    and the reason why it is not fetched. ``members`` and ``excluded`` are globs of a workspace. ``built`` False: it is not a
    package. ``dynamic`` are the fields of [project] that only a build knows.
    """

    name: str = ""
    version: str = ""
    python: str = ""
    runtime: list[Declaration] = field(default_factory=list)
    extras: dict[str, list[Declaration]] = field(default_factory=dict)
    groups: dict[str, list[Any]] = field(default_factory=dict)
    always: list[Declaration] = field(default_factory=list)
    constraints: list[Declaration] = field(default_factory=list)
    by_default: set[str] = field(default_factory=set)
    asked_extras: set[str] = field(default_factory=set)
    asked_groups: set[str] = field(default_factory=set)
    all_extras: bool = False
    all_groups: bool = False
    otherwise: list[Declaration] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    build: BuildSystem | None = None
    built: bool = True
    dynamic: frozenset[str] = frozenset()

    def ask(self, extras: Iterable[str] = (), groups: Iterable[str] = ()) -> None:
        self.asked_extras.update(canonicalize_name(name) for name in extras)
        self.asked_groups.update(canonicalize_name(name) for name in groups)


def table(data: Any, *keys: str) -> dict[str, Any]:
    """The table at ``keys`` below ``data``, empty where it is missing. Raises ``Unreadable`` where something else is there."""
    for at, key in enumerate(keys):
        data = data.get(key, {})
        if not isinstance(data, dict):
            raise Unreadable(f"{'.'.join(keys[: at + 1])} is not a table")
    found: dict[str, Any] = data
    return found


def strings(data: dict[str, Any], key: str) -> list[str]:
    """The strings of the list at ``key``; empty where it is missing. Raises ``Unreadable`` where something else is there."""
    found = data.get(key, [])
    if not isinstance(found, list):
        raise Unreadable(f"{key} is not a list")
    return [entry for entry in found if isinstance(entry, str)]


def text_of(data: dict[str, Any], key: str) -> str:
    """The string at ``key``, else ""."""
    found = data.get(key, "")
    return found if isinstance(found, str) else ""
