"""pnpm-lock.yaml (versions 6 and 9) without places: packages by version and checksum, and the workspace's own links.

It is written as JSON, which is YAML too. Where a package.json changed since, pnpm itself sees that the lock file does not fit.
"""

from __future__ import annotations

import json
import posixpath
from typing import Any

from agent.patterns import linear
from agent.sandbox.node import specs
from agent.sandbox.node.npm_lock import NotUsed
from agent.sandbox.node.packages import GROUPS, Package, Packages

NAME = "pnpm-lock.yaml"
FORMS = ("6", "9")
_PEERS = r"(?:\([\w.@/+~()-]*\))?"
_KEY = linear(rf"/?({specs.NAME})@({specs.VERSION}){_PEERS}")
_CHOSEN = linear(rf"(?:/?{specs.NAME}@)?{specs.VERSION}{_PEERS}")
_PATCHED = linear(r"\(patch_hash=[\w=+/-]*\)")
_KEPT = frozenset((
    "engines", "cpu", "os", "libc", "hasBin", "bundledDependencies", "peerDependencies", "peerDependenciesMeta", "dev",
    "optional", "requiresBuild", "transitivePeerDependencies", "dependencies", "optionalDependencies", "name", "version",
))  # fmt: skip
_BOOLEANS = frozenset(
    ("hasBin", "dev", "optional", "requiresBuild", "autoInstallPeers", "excludeLinksFromLockfile", "bundledDependencies")
)
_SETTINGS = ("autoInstallPeers", "excludeLinksFromLockfile")


def clean(lock: dict[str, Any], found: Packages, overrides: dict[str, Any]) -> str:
    """What pnpm may see of ``lock``. Raises ``npm_lock.NotUsed``."""
    version = str(lock.get("lockfileVersion", ""))
    if version.partition(".")[0] not in FORMS:
        raise NotUsed(f"{NAME}: not used, as it is of version {version[:20]}; versions 6 and 9 are read")
    lock = _without_patches(lock)
    kept: dict[str, Any] = {"lockfileVersion": version}
    if isinstance(lock.get("settings"), dict):
        kept["settings"] = {key: value for key, value in lock["settings"].items() if key in _SETTINGS}
    if overrides:
        kept["overrides"] = overrides
    importers = lock.get("importers")
    if not isinstance(importers, dict):
        importers = {".": {group: lock[group] for group in GROUPS if group in lock}}
    kept["importers"] = {
        package.directory or ".": _importer(package, importers.get(package.directory or "."), found) for package in found.all
    }
    kept["packages"] = dict(_packages(lock.get("packages"), found))
    if "snapshots" in lock:
        kept["snapshots"] = dict(_snapshots(lock["snapshots"], found))
    return json.dumps(_typed(kept), indent=1)


def _importer(package: Package, entry: Any, found: Packages) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for group in ("dependencies", "optionalDependencies", "devDependencies", "peerDependencies"):
        chosen = {**(entry.get(group) or {})} if isinstance(entry, dict) else {}
        for name, wanted in package.data.get(group, {}).items():
            was = chosen.get(name)
            if group == "peerDependencies" and was is None:
                continue
            if wanted.startswith("workspace:"):
                target = posixpath.relpath(found.own[name].directory, package.directory or ".")
                kept.setdefault(group, {})[name] = {"specifier": wanted, "version": f"link:{target}"}
            elif isinstance(was, dict) and isinstance(was.get("version"), str) and _CHOSEN.fullmatch(was["version"]):
                fits = was.get("specifier") == package.asked[group][name]
                kept.setdefault(group, {})[name] = {
                    "specifier": wanted if fits else str(was.get("specifier")), "version": was["version"],
                }  # fmt: skip
    return kept


def _packages(entries: Any, found: Packages) -> Any:
    for key, entry in entries.items() if isinstance(entries, dict) else ():
        hit = _KEY.fullmatch(key)
        resolution = entry.get("resolution") if isinstance(entry, dict) else None
        integrity = resolution.get("integrity") if isinstance(resolution, dict) else None
        if hit is None or not isinstance(integrity, str) or not integrity.startswith("sha") or len(integrity) > 400:
            if key.lstrip("/").startswith(tuple(f"{name}@" for name in (*found.refused, *found.own))):
                continue
            raise NotUsed(f"{NAME}: not used, as {key[:200]} is not a package of the registry with a checksum")
        yield key, {"resolution": {"integrity": integrity}, **_described(key, entry)}


def _snapshots(entries: Any, found: Packages) -> Any:
    for key, entry in entries.items() if isinstance(entries, dict) else ():
        if _KEY.fullmatch(key) is not None and (isinstance(entry, dict) or entry == ""):
            yield key, _described(key, entry or {})
        elif not key.startswith(tuple(f"{name}@" for name in (*found.refused, *found.own))):
            raise NotUsed(f"{NAME}: not used, as {key[:200]} is not a package of the registry")


def _described(key: str, entry: dict[str, Any]) -> dict[str, Any]:
    for group in ("dependencies", "optionalDependencies"):
        for name, chosen in (entry.get(group) or {}).items():
            if not specs.is_name(name) or not isinstance(chosen, str) or not _CHOSEN.fullmatch(chosen):
                raise NotUsed(f"{NAME}: not used, as {key[:200]} needs {str(chosen)[:200]}, which is not a version")
    return {name: value for name, value in entry.items() if name in _KEPT}


def _without_patches(value: Any) -> Any:
    """Patches of the repository are not applied, so that a package has the name that it has without."""
    if isinstance(value, dict):
        return {_PATCHED.sub("", key): _without_patches(entry) for key, entry in value.items() if key != "patchedDependencies"}
    if isinstance(value, list):
        return [_without_patches(entry) for entry in value]
    return _PATCHED.sub("", value) if isinstance(value, str) else value


def _typed(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _typed(entry, name) for name, entry in value.items()}
    if isinstance(value, list):
        return [_typed(entry) for entry in value]
    return value == "true" if key in _BOOLEANS and value in ("true", "false") else value
