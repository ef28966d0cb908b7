"""A Rust repository without its code: its manifests, lock file and settings of Cargo, and empty sources where they name one.

Built alone, it compiles what the project depends on, with the features and profiles that the project asks for, and nothing of
the project itself.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.documents import Unreadable, read_toml
from agent.patterns import linear
from agent.sandbox.node.sources import read_text

SETTINGS = (".cargo/config.toml", ".cargo/config")
MAX_WALKED = 50_000
MAX_MANIFESTS = 500
NOT_WALKED = frozenset((".git", ".mgx", "node_modules", "target"))
PROGRAM = "fn main() {}\n"
_KINDS = {"bin": "src/bin", "test": "tests", "bench": "benches", "example": "examples"}
_NAME = linear(r"[\w-]{1,100}")


@dataclass
class CargoSkeleton:
    """``files`` by path from the repository's root; ``packages`` are the names of those of the repository, ``scripted`` of
    those that have a build script."""

    files: dict[str, str] = field(default_factory=dict)
    packages: set[str] = field(default_factory=set)
    scripted: set[str] = field(default_factory=set)


def read(root: Path) -> CargoSkeleton:
    found = CargoSkeleton()
    for place in _manifests(root):
        text = read_text(root, manifest := posixpath.join(place, "Cargo.toml"))
        data = _parsed(text)
        if text is None or data is None:
            continue
        found.files[manifest] = text
        lock = read_text(root, name := posixpath.join(place, "Cargo.lock"))
        if lock is not None:
            found.files[name] = lock
        if isinstance(data.get("package"), dict):
            _package(root, place, data, found)
    places = {posixpath.join(*up) for place in found.files for up in _above(place)}
    for place in sorted({"", *places}):
        for name in SETTINGS:
            text = read_text(root, path := posixpath.join(place, name))
            if text is not None:
                found.files[path] = text
    return found


def first_crate(root: Path, directory: str) -> str | None:
    """The directory of the topmost manifest in ``directory``."""
    below = (posixpath.normpath(posixpath.join(directory, place)) for place in _manifests(root / directory))
    place = min(below, key=lambda name: (name.count("/"), name), default=None)
    return "" if place == "." else place


def _package(root: Path, place: str, data: dict[str, Any], found: CargoSkeleton) -> None:
    """Adds the sources that Cargo would miss."""
    package = data["package"]
    name = str(package.get("name", ""))
    if _NAME.fullmatch(name):
        found.packages.add(name)
    asked = package.get("build")
    script = asked if isinstance(asked, str) else "build.rs" if asked is None or asked is True else ""
    scripted = bool(script) and (root / place / script).is_file()
    lib = data.get("lib")
    library = str(lib.get("path", "src/lib.rs")) if isinstance(lib, dict) else "src/lib.rs"
    sources = {library: ""} if isinstance(lib, dict) or (root / place / library).is_file() else {}
    if scripted:
        found.scripted.add(name)
        sources[script] = PROGRAM
    if (root / place / "src/main.rs").is_file() or not sources:
        sources["src/main.rs"] = PROGRAM
    for kind, folder in _KINDS.items():
        targets = data.get(kind)
        for target in targets if isinstance(targets, list) else ():
            if isinstance(target, dict):
                sources.setdefault(str(target.get("path") or _usual(root / place, folder, str(target.get("name")))), PROGRAM)
    for source, text in sources.items():
        path = posixpath.normpath(posixpath.join(place, source))
        if not path.startswith(("/", "..")) and len(path) < 500 and "\0" not in path:
            found.files.setdefault(path, text)


def _usual(package: Path, folder: str, name: str) -> str:
    """Where Cargo looks for a target that has a name alone (The Cargo Book, Cargo Targets)."""
    inside = f"{folder}/{name}/main.rs"
    return inside if "/" not in name and (package / inside).is_file() else f"{folder}/{name}.rs"


def _above(path: str) -> Iterator[list[str]]:
    parts = path.split("/")[:-1]
    yield from (["", *parts[:count]] for count in range(len(parts) + 1))


def _manifests(root: Path) -> list[str]:
    """The directories that have one, from ``root``."""
    found, walked = [], 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in NOT_WALKED)
        walked += len(names) + len(folders)
        if "Cargo.toml" in names:
            inside = os.path.relpath(folder, root)
            found.append("" if inside == "." else inside)
        if walked > MAX_WALKED or len(found) >= MAX_MANIFESTS:
            break
    return found


def _parsed(text: str | None) -> dict[str, Any] | None:
    try:
        return read_toml(text) if text is not None else None
    except Unreadable:
        return None
