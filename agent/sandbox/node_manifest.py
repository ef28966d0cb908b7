"""Which npm packages a repository asks for, read without running anything of it.

Only names with versions of the registry are taken. URLs, paths, git references and workspaces would run code of others or reach
other hosts than the configured registry, and are refused by name. The repository's own ``.npmrc`` is not looked at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.documents import Unreadable, read_json
from agent.patterns import linear

MAX_BYTES = 8 << 20
GROUPS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
OTHER_LOCKS = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun", "bun.lockb": "bun"}

_RANGE = linear(r"(?:npm:(?:@[\w.-]+/)?[\w.-]+@)?[\w.+*^~<>=|, -]*")
"""Versions, ranges, tags and aliases (npm's package.json documentation); nothing with a colon or a slash beside an alias."""
_NAME = linear(r"(?:@[A-Za-z0-9~-][\w.~-]*/)?[A-Za-z0-9~_-][\w.~-]*")
_PLACE = linear(rf"node_modules/{_NAME.pattern}(?:/node_modules/{_NAME.pattern})*")


@dataclass
class Manifest:
    """``package`` is what npm may see of package.json, ``lock`` of its lock file; ``notes`` say what was left out and why."""

    package: dict[str, Any]
    lock: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)

    def texts(self) -> dict[str, str]:
        files = {"package.json": json.dumps(self.package, indent=1, sort_keys=True)}
        if self.lock is not None:
            files["package-lock.json"] = json.dumps(self.lock, indent=1, sort_keys=True)
        return files


def read(root: Path) -> Manifest | None:
    """What package.json at ``root`` asks for; None if it is missing or unreadable."""
    data = _json(root, "package.json")
    if data is None:
        return None
    found = Manifest({"name": "project", "version": "0.0.0", "private": True})
    for group in GROUPS:
        wanted = data.get(group)
        if isinstance(wanted, dict):
            found.package[group] = {name: spec for name, spec in wanted.items() if _plain(name, spec, group, found.notes)}
    if isinstance(data.get("overrides"), dict):
        found.package["overrides"] = _plain_tree(data["overrides"], found.notes)
    if data.get("workspaces"):
        found.notes.append("package.json: workspaces are not installed, only the packages of the top directory")
    other = next((tool for name, tool in OTHER_LOCKS.items() if (root / name).is_file()), None)
    if other is not None:
        found.notes.append(f"installed by npm: the lock file of {other} was not used")
    found.lock = _lock(root, data, found)
    return found


def _lock(root: Path, package: dict[str, Any], found: Manifest) -> dict[str, Any] | None:
    """The lock file without places: with ``resolved`` gone every package comes from the configured registry, and its
    ``integrity`` is still held (npm config omit-lockfile-registry-resolved)."""
    name = next((name for name in LOCKS if (root / name).is_file()), None)
    lock = _json(root, name) if name else None
    if name is None or lock is None:
        return None
    entries = lock.get("packages")
    if not isinstance(entries, dict) or any(
        (found.package.get(group) or None) != (package.get(group) or None) for group in GROUPS
    ):
        found.notes.append(f"{name}: not used, as it is of an old form or part of package.json was refused")
        return None
    kept: dict[str, Any] = {}
    for path, entry in entries.items():
        if path == "":
            kept[""] = {**found.package}
            continue
        resolved = entry.get("resolved", "") if isinstance(entry, dict) else ""
        if not isinstance(entry, dict) or entry.get("link") or not _PLACE.fullmatch(path):
            found.notes.append(f"{name}: not used, as {path} is not a package of the registry")
            return None
        if not isinstance(resolved, str) or (resolved and not resolved.startswith(("https://", "http://"))):
            found.notes.append(f"{name}: not used, as {path} is not a package of the registry")
            return None
        kept[path] = {key: value for key, value in entry.items() if key != "resolved"}
    return {"name": "project", "version": "0.0.0", "lockfileVersion": 3, "requires": True, "packages": kept}


def _plain(name: str, spec: object, where: str, notes: list[str]) -> bool:
    if isinstance(spec, str) and _RANGE.fullmatch(spec) and (where == "overrides" or _NAME.fullmatch(name)):
        return True
    notes.append(f"refused: package.json: {where}: {name}: {spec} (not a plain name and version)")
    return False


def _plain_tree(tree: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, spec in tree.items():
        if isinstance(spec, dict):
            kept[name] = _plain_tree(spec, notes)
        elif (isinstance(spec, str) and spec.startswith("$")) or _plain(name, spec, "overrides", notes):
            kept[name] = spec
    return kept


def _json(root: Path, name: str) -> dict[str, Any] | None:
    """A small regular file inside of ``root`` that holds a JSON object; links that lead out of it are not followed."""
    path = root / name
    if not path.is_file() or not path.resolve().is_relative_to(root.resolve()) or path.stat().st_size > MAX_BYTES:
        return None
    try:
        data = read_json(path.read_text(encoding="utf-8", errors="replace"))
    except Unreadable:
        return None
    return data if isinstance(data, dict) else None
