"""A Cargo.toml of ours that names the crates of a project: of its Cargo.lock, or of its manifests where it has none.

Crates of git repositories and of other registries would be fetched from any host, and are refused by name; those of the
repository itself are left out, as they are there already.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.documents import Unreadable, read_toml
from agent.patterns import linear
from agent.sandbox.node.sources import is_plain_directory, read_text

REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"
GROUPS = ("dependencies", "dev-dependencies", "build-dependencies")
MAX_CRATES = 5_000
MAX_MEMBERS = 500
_NAME = linear(r"[A-Za-z0-9][\w-]{0,100}")
_VERSION = linear(r"\d+\.\d+\.\d+(?:[-+][\w.+-]*)?")
_WANTED = linear(r"[\w.*^~<>=, +-]{1,200}")


@dataclass
class CargoManifest:
    """``text`` is the manifest, "" where the project has none; ``wanted`` says that it names a crate."""

    text: str = ""
    wanted: bool = False
    notes: list[str] = field(default_factory=list)


def read(root: Path, directory: str) -> CargoManifest:
    top = _toml(root, posixpath.join(directory, "Cargo.toml"))
    if top is None:
        return CargoManifest()
    found = CargoManifest()
    lock = _toml(root, posixpath.join(directory, "Cargo.lock"))
    crates = list(_locked(lock, found)) if lock is not None else list(_asked(root, directory, top, found))
    lines = ["[package]", 'name = "fetched"', 'version = "0.0.0"', 'edition = "2021"', "[dependencies]"]
    for number, (name, version, features) in enumerate(crates[:MAX_CRATES]):
        wanted = {"package": name, "version": version, "default-features": features is not None, "features": features or []}
        inside = ", ".join(f"{key} = {json.dumps(value)}" for key, value in wanted.items())
        lines.append(f"crate{number} = {{ {inside} }}")
    found.text, found.wanted = "\n".join(lines) + "\n", bool(crates)
    return found


def _locked(lock: dict[str, Any], found: CargoManifest) -> Iterator[tuple[str, str, list[str] | None]]:
    packages = lock.get("package")
    for package in packages if isinstance(packages, list) else ():
        entry = package if isinstance(package, dict) else {}
        name, version, source = str(entry.get("name", "")), str(entry.get("version", "")), entry.get("source")
        if entry and source is None:
            continue  # of the repository
        if source == REGISTRY and _NAME.fullmatch(name) and len(version) < 100 and _VERSION.fullmatch(version):
            yield name, f"={version}", None
        else:
            found.notes.append(f"refused: Cargo.lock: {name[:100]} {version[:100]} (not a crate of the registry)")


def _asked(
    root: Path, directory: str, top: dict[str, Any], found: CargoManifest
) -> Iterator[tuple[str, str, list[str] | None]]:
    shared = _table(_table(top, "workspace"), "dependencies")
    for manifest in (top, *_members(root, directory, top)):
        for table in _tables(manifest):
            for key, spec in table.items():
                if isinstance(spec, dict) and spec.get("workspace") is True:
                    spec = shared.get(key)
                if isinstance(spec, str):
                    spec = {"version": spec}
                if not isinstance(spec, dict) or ("path" in spec and "git" not in spec):
                    continue
                name, version = str(spec.get("package", key)), spec.get("version")
                features = spec.get("features", [])
                plain = isinstance(version, str) and _WANTED.fullmatch(version) and _NAME.fullmatch(name)
                if not plain or {"git", "registry", "registry-index"} & spec.keys():
                    found.notes.append(f"refused: Cargo.toml: {name[:100]} (not a crate of the registry)")
                    continue
                yield name, str(version), [str(one) for one in features if isinstance(one, str) and len(one) < 100][:50]


def _members(root: Path, directory: str, top: dict[str, Any]) -> Iterator[dict[str, Any]]:
    globs = _table(top, "workspace").get("members")
    count = 0
    for glob in globs if isinstance(globs, list) else ():
        if not isinstance(glob, str) or glob.startswith("/") or ".." in glob.split("/") or glob.count("*") > 2:
            continue
        for place in sorted((root / directory).glob(f"{glob}/Cargo.toml")):
            inside = place.parent.relative_to(root).as_posix()
            count += 1
            if count <= MAX_MEMBERS and is_plain_directory(root, inside) and (data := _toml(root, f"{inside}/Cargo.toml")):
                yield data


def _tables(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Those of the package, and of each platform."""
    for place in (manifest, *(value for value in _table(manifest, "target").values() if isinstance(value, dict))):
        yield from (_table(place, group) for group in GROUPS)


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _toml(root: Path, name: str) -> dict[str, Any] | None:
    text = read_text(root, name)
    try:
        return read_toml(text) if text is not None else None
    except Unreadable:
        return None
