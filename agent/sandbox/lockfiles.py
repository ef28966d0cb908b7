"""The versions that a Python lock file has chosen, as constraints: uv.lock, poetry.lock, pdm.lock, pylock.toml (PEP 751).

All four are TOML with a list of packages that have a name and a version. A package that is there in several versions, for
several platforms, is not pinned; neither is what does not come from an index.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from agent.documents import Unreadable, read_toml
from agent.patterns import linear

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")
MAX_BYTES = 8 << 20

_NAME = linear(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION = linear(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*")


def pins(root: Path) -> list[str]:
    """``name==version`` lines of the first lock file at ``root``, sorted; none where there is none that can be read."""
    for name in LOCKS:
        path = root / name
        if not path.is_file() or path.is_symlink() or path.stat().st_size > MAX_BYTES:
            continue
        try:
            data = read_toml(path.read_text(encoding="utf-8"))
        except (Unreadable, UnicodeDecodeError):
            continue
        return _pinned(data.get("packages" if name == "pylock.toml" else "package"))
    return []


def _pinned(packages: Any) -> list[str]:
    versions: dict[str, set[str]] = defaultdict(set)
    for package in packages if isinstance(packages, list) else ():
        if not isinstance(package, dict) or not _from_index(package):
            continue
        name, version = str(package.get("name", "")), str(package.get("version", ""))
        if _NAME.fullmatch(name) and _VERSION.fullmatch(version):
            versions[name].add(version)
    return sorted(f"{name}=={min(found)}" for name, found in versions.items() if len(found) == 1)


def _from_index(package: dict[str, Any]) -> bool:
    """uv and poetry say where else a package comes from in ``source``, PEP 751 in keys of their own."""
    source = package.get("source", {})
    kind = source.get("type", "") if isinstance(source, dict) else "other"
    uv = not isinstance(source, dict) or not source or "registry" in source or kind in ("legacy", "pypi")
    return uv and not {"vcs", "directory", "archive", "git", "path", "url"} & package.keys()
