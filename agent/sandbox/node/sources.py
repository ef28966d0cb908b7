"""The files of a Node project that the install step is made from: small regular ones, inside of the project, read as data."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from agent.documents import Unreadable, read_json, read_yaml
from agent.projects.files import ProjectFiles
from agent.projects.member_directories import member_directories

MAX_BYTES = 8 << 20
MAX_WALKED = 50_000
MANIFEST = "package.json"
WORKSPACE = "pnpm-workspace.yaml"
NOT_WALKED = frozenset((".git", "node_modules", ".yarn", ".pnpm-store"))


def read_text(root: Path, name: str) -> str | None:
    """A regular file inside of ``root`` of at most ``MAX_BYTES``; a link that leads out of it is not followed."""
    path = root / name
    try:
        if not path.is_file() or not path.resolve().is_relative_to(root.resolve()) or path.stat().st_size > MAX_BYTES:
            return None
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return None


def read_object(root: Path, name: str) -> dict[str, Any] | None:
    """The JSON object in it."""
    return _parsed(read_text(root, name), read_json)


def read_map(root: Path, name: str) -> dict[str, Any] | None:
    """The YAML map in it; its scalars are texts."""
    return _parsed(read_text(root, name), read_yaml)


def members(root: Path, manifest: dict[str, Any], workspace: dict[str, Any] | None) -> list[str]:
    """The directories of the workspace's members below ``root``, by what package.json or pnpm-workspace.yaml says."""
    asked = manifest.get("workspaces")
    globs = asked.get("packages") if isinstance(asked, dict) else asked
    if workspace is not None and isinstance(workspace.get("packages"), list):
        globs = workspace["packages"]
    wanted = [glob for glob in globs if isinstance(glob, str)] if isinstance(globs, list) else []
    if not wanted:
        return []
    found = member_directories(ProjectFiles.at(root, _manifests(root)), MANIFEST, wanted)
    return [directory for directory in found if directory and is_plain_directory(root, directory)]


def is_plain_directory(root: Path, directory: str) -> bool:
    """Whether it lies in ``root`` by its own name, with no link on the way: packages are laid there."""
    place = root / directory
    return place.is_dir() and place.resolve() == root.resolve() / directory


def _parsed(text: str | None, read: Callable[[str], Any]) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        data = read(text)
    except Unreadable:
        return None
    return data if isinstance(data, dict) else None


def _manifests(root: Path) -> Sequence[str]:
    found, walked = [], 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in NOT_WALKED)
        walked += len(names) + len(folders)
        if MANIFEST in names:
            found.append(os.path.relpath(os.path.join(folder, MANIFEST), root))
        if walked > MAX_WALKED:
            break
    return found
