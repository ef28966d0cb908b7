"""npm's lock file without places: what it has chosen, from the configured registry, with its checksums held.

Without ``resolved`` npm computes where a package lies, and ``integrity`` still has to fit (npm config
omit-lockfile-registry-resolved). All three forms are read: the tree of version 1, and the list of 2 and 3.
"""

from __future__ import annotations

import json
from typing import Any

from agent.patterns import linear
from agent.sandbox.node import specs
from agent.sandbox.node.packages import GROUPS, Packages

LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
MAX_DEPTH = 60
KEPT = frozenset((
    "version", "integrity", "dependencies", "optionalDependencies", "peerDependencies", "peerDependenciesMeta", "engines",
    "bin", "cpu", "os", "libc", "dev", "optional", "devOptional", "peer", "inBundle", "bundleDependencies", "bundled",
    "hasInstallScript", "hasShrinkwrap", "requires",
))  # fmt: skip
_PLACE = linear(rf"(?:(.+)/)??node_modules/({specs.NAME}(?:/node_modules/{specs.NAME})*)")


class NotUsed(Exception):
    """The lock file can't be used; its text says why."""


def clean(name: str, lock: dict[str, Any], found: Packages) -> str:
    """What npm may see of the lock file ``name``. Raises ``NotUsed``."""
    entries = lock.get("packages")
    if isinstance(entries, dict):
        kept: dict[str, Any] = {"lockfileVersion": 3, "packages": _packages(name, entries, found)}
    elif isinstance(lock.get("dependencies"), dict):
        kept = {"lockfileVersion": 1, "dependencies": _tree(name, lock["dependencies"], found, 0)}
    else:
        raise NotUsed(f"{name}: not used, as it has no list of packages")
    return json.dumps({"name": found.top.data["name"], "version": found.top.version, "requires": True, **kept}, indent=1)


def _packages(name: str, entries: dict[str, Any], found: Packages) -> dict[str, Any]:
    members = {package.directory: package for package in found.members}
    kept: dict[str, Any] = {"": _described(found.top.data)}
    for path, entry in entries.items():
        if not isinstance(entry, dict):
            raise NotUsed(f"{name}: not used, as {path[:200]} is not described")
        if path == "" or path in members:
            continue
        hit = _PLACE.fullmatch(path)
        if hit is None or (hit[1] and hit[1] not in members):
            if not entry.get("link") and "node_modules/" not in path:
                continue  # a directory that is not a member now
            raise NotUsed(f"{name}: not used, as {path[:200]} is not a place of a package")
        last = path.rpartition("node_modules/")[2]
        if entry.get("link"):
            if entry.get("resolved") in members and members[str(entry["resolved"])].name == last:
                continue
            if entry.get("resolved") in members or last in found.refused or last == found.top.name:
                continue
            raise NotUsed(f"{name}: not used, as {path[:200]} is a link to something that is not a member")
        resolved = entry.get("resolved", "")
        if not isinstance(resolved, str) or (resolved and not resolved.startswith(("https://", "http://"))):
            if last in found.refused:
                continue
            raise NotUsed(f"{name}: not used, as {path[:200]} is not a package of the registry")
        if last in found.own:
            continue  # its copy in the registry; the working tree is meant
        kept[path] = {key: value for key, value in entry.items() if key in KEPT}
        if specs.is_name(entry.get("name")):
            kept[path]["name"] = entry["name"]
    for package in found.members:
        kept[package.directory] = _described(package.data)
        if package.name:
            kept[f"node_modules/{package.name}"] = {"resolved": package.directory, "link": True}
    return kept


def _described(data: dict[str, Any]) -> dict[str, Any]:
    return {key: data[key] for key in ("name", "version", "bin", "workspaces", "peerDependenciesMeta", *GROUPS) if key in data}


def _tree(name: str, entries: Any, found: Packages, depth: int) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, entry in entries.items() if isinstance(entries, dict) and depth < MAX_DEPTH else ():
        if not isinstance(entry, dict) or not specs.is_name(key):
            raise NotUsed(f"{name}: not used, as {key[:200]} is not the name of a package")
        if key in found.own or (depth == 0 and key in found.refused):
            continue
        version = entry.get("version")
        aliased = specs.alias(version) if isinstance(version, str) else None
        if not specs.is_version(aliased[1] if aliased else version) or (aliased and not specs.is_name(aliased[0])):
            raise NotUsed(f"{name}: not used, as {key} is not a package of the registry")
        kept[key] = {field: value for field, value in entry.items() if field in KEPT - {"dependencies"}}
        if inside := _tree(name, entry.get("dependencies"), found, depth + 1):
            kept[key]["dependencies"] = inside
    return kept
