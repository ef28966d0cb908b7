"""The projects of a repository by their own names: members of a uv workspace around a directory, and itself."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from agent.documents import Unreadable
from agent.sandbox.requirements.declared import ManifestDeclarations
from agent.sandbox.requirements.manifests import Manifests, joined
from agent.sandbox.requirements.uv import read as read_uv

MAX_MEMBERS = 200
MAX_DEPTH = 6
"""Folders from the top of a workspace to a member."""


def around(files: Manifests, directory: str) -> tuple[str, list[str]]:
    """The top directory of the innermost workspace that holds ``directory``, and its members, itself among them; ``directory``
    and nothing else where there is none."""
    place = directory
    while True:
        declared = ManifestDeclarations()
        try:
            read_uv(files.toml(posixpath.join(place, "pyproject.toml")), place, declared)
        except Unreadable:  # said where it is read for its dependencies
            declared = ManifestDeclarations()
        if declared.members:
            found = members(files, place, declared.members, declared.excluded)
            if directory == place or directory in found:
                return place, [place, *found]
        if not place:
            return directory, [directory]
        place = posixpath.dirname(place)


def members(files: Manifests, top: str, globs: Sequence[str], excluded: Sequence[str]) -> list[str]:
    """The directories with a pyproject.toml that match ``globs`` below ``top``."""
    found: dict[str, None] = {}
    for glob in globs:
        for place in _expanded(files, top, glob.strip("/").split("/")[:MAX_DEPTH]):
            relative = posixpath.relpath(place, top or ".") if place else ""
            left_out = any(fnmatchcase(relative, pattern.strip("/")) for pattern in excluded)
            if place != top and not left_out and files.text(posixpath.join(place, "pyproject.toml")) is not None:
                found[place] = None
            if len(found) >= MAX_MEMBERS:
                return list(found)
    return list(found)


def _expanded(files: Manifests, place: str, segments: Sequence[str]) -> Iterator[str]:
    if not segments:
        yield place
        return
    first, *rest = segments
    if not any(sign in first for sign in "*?["):
        below = joined(place, first)
        if below is not None:
            yield from _expanded(files, below, rest)
        return
    pattern = "*" if first == "**" else first
    for name in files.folders(place):
        if fnmatchcase(name, pattern) and not name.startswith("."):
            yield from _expanded(files, posixpath.join(place, name), rest)
