"""The versions that a Python lock file has chosen, as constraints: of uv, Poetry, PDM and Pipenv, and pylock.toml (PEP 751).

All but Pipenv's are TOML with a list of packages that have a name and a version. A package that is there in several versions,
for several platforms, is not pinned; neither is what does not come from an index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from agent.documents import Unreadable, read_json, read_toml

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")
PIPENV = "Pipfile.lock"
MAX_BYTES = 8 << 20

MAX_PACKAGES = 5_000
MAX_NAME = 200
MAX_CHARACTERS = 40
"""Of a version: the library takes time by the square of it. The largest real lock files have some thousand packages."""


def pins(root: Path) -> list[str]:
    """``name==version`` lines of the first lock file at ``root``, sorted; an empty list if no lock file can be read."""
    for name in (*LOCKS, PIPENV):
        path = root / name
        if not path.is_file() or path.is_symlink() or path.stat().st_size > MAX_BYTES:
            continue
        try:
            text = path.read_text(encoding="utf-8")
            if name == PIPENV:
                return _pinned(list(_of_pipenv(read_json(text))))
            return _pinned(read_toml(text).get("packages" if name == "pylock.toml" else "package"))
        except (Unreadable, UnicodeDecodeError):
            continue
    return []


def _of_pipenv(data: Any) -> Iterator[dict[str, Any]]:
    """Its packages in the form of the others; what has no version comes from elsewhere than an index."""
    for section in ("default", "develop"):
        packages = data.get(section) if isinstance(data, dict) else None
        for name, entry in packages.items() if isinstance(packages, dict) else ():
            if isinstance(entry, dict) and isinstance(entry.get("version"), str):
                yield {"name": name, "version": entry["version"].removeprefix("==")}


def _pinned(packages: Any) -> list[str]:
    versions: dict[str, set[Version]] = defaultdict(set)
    for package in packages[:MAX_PACKAGES] if isinstance(packages, list) else ():
        if isinstance(package, dict) and _from_index(package) and (pin := _pin(package)):
            versions[pin[0]].add(pin[1])
    return sorted(f"{name}=={min(found)}" for name, found in versions.items() if len(found) == 1)


def _pin(package: dict[str, Any]) -> tuple[str, Version] | None:
    """Name and version, where they are what they should be (PEP 503, PEP 440)."""
    name, version = str(package.get("name", "")), str(package.get("version", ""))
    if len(name) > MAX_NAME or len(version) > MAX_CHARACTERS:
        return None
    try:
        return canonicalize_name(name, validate=True), Version(version)
    except (InvalidName, InvalidVersion):
        return None


def _from_index(package: dict[str, Any]) -> bool:
    """uv and poetry say where else a package comes from in ``source``, PEP 751 in keys of their own."""
    source = package.get("source", {})
    kind = source.get("type", "") if isinstance(source, dict) else "other"
    uv = not isinstance(source, dict) or not source or "registry" in source or kind in ("legacy", "pypi")
    return uv and not {"vcs", "directory", "archive", "git", "path", "url"} & package.keys()
