"""All that a package manager may see of a Node project: cleaned manifests, its lock file without places, harmless settings."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.sandbox.node import npm_lock, npmrc, packages, pnpm_lock, sources, yarn_lock
from agent.sandbox.node.managers import LOCKS, Manager, choose
from agent.sandbox.node.npmrc import Registry
from agent.sandbox.node.packages import Packages

HOISTING = ("workspaces", "dependencies", "none")
CODE = {".pnpmfile.cjs": "pnpm", ".pnpmfile.mjs": "pnpm", "pnpmfile.js": "pnpm", "yarn.config.cjs": ""}


@dataclass
class NodeProject:
    """``files`` are those to install from, by path from the project's top; ``locked`` says that a lock file is among them."""

    manager: Manager
    packages: Packages
    files: dict[str, str]
    locked: bool

    @property
    def notes(self) -> list[str]:
        return self.packages.notes

    @property
    def directories(self) -> list[str]:
        """Of the top ("") and the members."""
        return [package.directory for package in self.packages.all]


def top_of(root: Path, directory: str) -> str:
    """The directory whose workspace ``directory`` is a member of, or itself; both from the repository's ``root``."""
    above = directory
    while above:
        above = above.rpartition("/")[0]
        manifest = sources.read_object(root, posixpath.join(above, sources.MANIFEST))
        if manifest is None or not sources.is_plain_directory(root, above):
            continue
        workspace = sources.read_map(root / above, sources.WORKSPACE)
        inside = directory.removeprefix(f"{above}/") if above else directory
        if inside in sources.members(root / above, manifest, workspace):
            return above
    return directory


def read(root: Path, said: str, registry: Registry) -> NodeProject | None:
    """The project at ``root``; None if its package.json is missing or unreadable. ``said`` is its package manager, "" where it
    is not known."""
    manifest = sources.read_object(root, sources.MANIFEST)
    if manifest is None:
        return None
    workspace = sources.read_map(root, sources.WORKSPACE)
    found = packages.read(root, manifest, workspace)
    manager = choose(manifest, said, lambda name: sources.read_text(root, name), found.notes)
    catalogs = _catalogs(root, manifest, workspace)
    packages.link(found, catalogs, manager.knows_workspace_protocol)
    files: dict[str, str] = {}
    overrides = _overrides(found, manifest, workspace, manager, catalogs)
    directories = [package.directory for package in found.members]
    if directories and manager.name != "pnpm":
        found.top.data["workspaces"] = directories
    if overrides and manager.name != "pnpm":
        found.top.data["overrides" if manager.name == "npm" else "resolutions"] = overrides
    _settings(root, found, manager, workspace, overrides, files)
    lock = _lock(root, manager, found, overrides, registry)
    files |= lock
    for package in found.all:
        files[package.path(sources.MANIFEST)] = json.dumps(package.data, indent=1)
        for program in package.programs:
            files.setdefault(package.path(program), packages.PLACEHOLDER)
    _note_code(root, manifest, found, manager)
    return NodeProject(manager, found, files, bool(lock))


def _catalogs(root: Path, manifest: dict[str, Any], workspace: dict[str, Any] | None) -> dict[str, dict[str, Any]]:
    """Versions that members take by ``catalog:``, from pnpm's, yarn's or bun's place for them."""
    asked = manifest.get("workspaces")
    found: dict[str, dict[str, Any]] = {}
    for source in (workspace, sources.read_map(root, ".yarnrc.yml"), asked if isinstance(asked, dict) else None):
        if source is None:
            continue
        named = source.get("catalogs")
        for name, entries in [*(named.items() if isinstance(named, dict) else ()), ("default", source.get("catalog"))]:
            if isinstance(entries, dict):
                found[name] = {**found.get(name, {}), **entries}
    return found


def _overrides(
    found: Packages, manifest: dict[str, Any], workspace: dict[str, Any] | None, manager: Manager, catalogs: Mapping[str, Any]
) -> dict[str, Any]:
    pnpm = _map(manifest, "pnpm")
    if manager.name == "npm":
        places: dict[str, Any] = {"overrides": manifest.get("overrides")}
    elif manager.name == "pnpm":
        places = {"resolutions": manifest.get("resolutions"), "pnpm.overrides": pnpm.get("overrides")}
        places["pnpm-workspace.yaml: overrides"] = (workspace or {}).get("overrides")
    else:
        places = {"resolutions": manifest.get("resolutions")}
    kept: dict[str, Any] = {}
    for where, tree in places.items():
        asked = {key: spec for key, spec in tree.items() if key not in found.own} if isinstance(tree, dict) else {}
        kept |= packages.clean_overrides(found, asked, where if ":" in where else f"package.json: {where}", catalogs)
    return kept


def _settings(
    root: Path, found: Packages, manager: Manager, workspace: dict[str, Any] | None, overrides: dict[str, Any],
    files: dict[str, str],
) -> None:  # fmt: skip
    """The files of settings that are written anew for the package manager."""
    settings = npmrc.harmless(sources.read_text(root, ".npmrc"))
    if manager.name == "pnpm":
        settings |= npmrc.harmless_of_workspace(workspace)
        about: dict[str, Any] = {"packages": [".", *(package.directory for package in found.members)]}
        if manager.wanted.partition(".")[0] in ("6", "7", "8", "9"):
            found.top.data["pnpm"] = {"overrides": overrides} if overrides else {}
        else:
            about |= {**npmrc.workspace_settings(settings), **({"overrides": overrides} if overrides else {})}
        if found.members or len(about) > 1:
            files[sources.WORKSPACE] = json.dumps(about, indent=1)
    if manager.name == "berry":
        asked = sources.read_map(root, ".yarnrc.yml") or {}
        if asked.get("nodeLinker", "pnp") == "pnp":
            found.note("installed into node_modules: yarn's Plug'n'Play is not used here")
        limits = asked.get("nmHoistingLimits")
        if limits in HOISTING:
            files[".yarnrc.yml"] = json.dumps({"nmHoistingLimits": limits})
    elif settings and manager.name != "yarn":
        files[".npmrc"] = npmrc.npmrc(settings)


def _lock(root: Path, manager: Manager, found: Packages, overrides: dict[str, Any], registry: Registry) -> dict[str, str]:
    """The lock file by its name, where there is one that can be used."""
    wanted = "yarn" if manager.name == "berry" else manager.name
    there = [name for name in LOCKS if (root / name).is_file()]
    name = next((name for name in there if LOCKS[name] == wanted), None)
    if name is None:
        if there:
            found.note(f"{there[0]}: not used, as the packages are installed by {manager.program}")
        return {}
    own = frozenset(found.own)
    try:
        if wanted == "npm":
            lock = sources.read_object(root, name)
            return {"package-lock.json": npm_lock.clean(name, lock, found)} if lock is not None else _unread(found, name)
        if wanted == "pnpm":
            lock = sources.read_map(root, name)
            return {name: pnpm_lock.clean(lock, found, overrides)} if lock is not None else _unread(found, name)
        if manager.name == "berry":
            lock = sources.read_map(root, name)
            if lock is None or "__metadata" not in lock:
                return _unread(found, name)
            text, dropped = yarn_lock.clean_berry(lock, own)
        else:
            text, dropped = yarn_lock.clean_classic(sources.read_text(root, name) or "", registry, own)
    except npm_lock.NotUsed as reason:
        found.note(str(reason))
        return {}
    if dropped:
        found.note(f"{name}: {dropped} entries were not used, as they are not packages of the registry")
    return {name: text}


def _map(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _unread(found: Packages, name: str) -> dict[str, str]:
    found.note(f"{name}: not used, as it could not be read")
    return {}


def _note_code(root: Path, manifest: dict[str, Any], found: Packages, manager: Manager) -> None:
    """Says what would change an install and is code or a patch of the repository."""
    for name, program in CODE.items():
        if (root / name).is_file() and program == manager.name:
            found.note(f"{name}: not run, as the install step runs nothing of the repository")
    workspace = sources.read_map(root, sources.WORKSPACE) or {}
    pnpm = _map(manifest, "pnpm")
    for key in ("patchedDependencies", "packageExtensions"):
        if manager.name == "pnpm" and (workspace.get(key) or pnpm.get(key)):
            found.note(f"pnpm: {key} are not applied")
    if manager.name == "berry" and (sources.read_map(root, ".yarnrc.yml") or {}).get("packageExtensions"):
        found.note("yarn: packageExtensions are not applied")
