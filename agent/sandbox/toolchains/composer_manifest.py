"""A composer.json of ours that names the packages of a project: those of its composer.lock in their versions, or those that its
composer.json asks for. It says also where the project's own classes lie, so that they are found beside those of packages.

Repositories that the project names would be asked at any host, and branches are moved by anybody: both are refused by name.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.patterns import linear
from agent.real_paths import is_file_inside, is_inside
from agent.sandbox.node.sources import read_object

MAX_PACKAGES = 2_000
MAX_CLASS_FILES = 5_000
MAX_CLASS_BYTES = 64 << 20
_NAME = linear(r"[a-z0-9](?:[._-]?[a-z0-9]){0,60}/[a-z0-9](?:[._-]{0,2}[a-z0-9]){0,80}")
_WANTED = linear(r"[\w.*^~<>=!|@, +-]{1,200}")
_VERSION = linear(r"v?\d[\w.+-]{0,60}")
_PREFIX = linear(r"[\w\\]{0,200}")
_PLACE = linear(r"[\w./@ -]{0,300}")
STABILITIES = ("stable", "RC", "beta", "alpha", "dev")
_PLATFORM = ("php", "php-64bit", "hhvm", "composer", "composer-plugin-api", "composer-runtime-api")


@dataclass
class ComposerManifest:
    """``asked`` is the text with what composer.json asks for, "" where there is none; ``locked`` the one with the versions of
    composer.lock, "" without one. ``vendor`` is where packages belong, from the directory of the part; ``classes`` are the
    files, from there too, in which Composer has to look for classes."""

    asked: str = ""
    locked: str = ""
    vendor: str = "vendor"
    classes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read(root: Path, directory: str) -> ComposerManifest:
    found = ComposerManifest()
    data = read_object(root, posixpath.join(directory, "composer.json"))
    if data is None:
        return found
    if data.get("repositories"):
        found.notes.append("refused: composer.json: repositories (only the server's own registry is asked)")
    settings = _table(data, "config")
    found.vendor = _inside(settings.get("vendor-dir", "vendor")) or "vendor"
    if found.vendor == ".":  # packages would lie among the project's own files
        found.vendor = "vendor"
        found.notes.append("refused: composer.json: config.vendor-dir (packages are in vendor)")
    if "bin-dir" in settings and _inside(settings["bin-dir"]) != f"{found.vendor}/bin":
        found.notes.append(f"refused: composer.json: config.bin-dir (programs are in {found.vendor}/bin)")
    asked = dict(_asked(data, found))
    base: dict[str, Any] = {
        "name": "project/fetched",
        "config": {"vendor-dir": found.vendor, "allow-plugins": False, "preferred-install": "dist", "lock": False},
        "autoload": _autoload(data, found),
    }
    if data.get("minimum-stability") in STABILITIES:
        base["minimum-stability"] = data["minimum-stability"]
    base["prefer-stable"] = data.get("prefer-stable") is not False
    found.asked = json.dumps({**base, "require": asked}, indent=1, sort_keys=True)
    lock = read_object(root, posixpath.join(directory, "composer.lock"))
    locked = dict(_locked(lock, found)) if lock is not None else {}
    if locked:
        found.locked = json.dumps(
            {**base, "minimum-stability": "dev", "require": {**asked, **locked}}, indent=1, sort_keys=True
        )
    found.classes = list(_class_files(root / directory, base["autoload"]["classmap"], found.vendor))
    return found


def _asked(data: Mapping[str, Any], found: ComposerManifest) -> Iterator[tuple[str, str]]:
    for group in ("require-dev", "require"):  # what both have is taken from the latter
        for name, version in list(_table(data, group).items())[:MAX_PACKAGES]:
            if name in _PLATFORM or name.startswith(("ext-", "lib-")):
                continue
            if isinstance(version, str) and _NAME.fullmatch(name.lower()) and _WANTED.fullmatch(version):
                yield name.lower(), version
            else:
                found.notes.append(f"refused: composer.json: {name[:100]} (not a package of the registry)")


def _locked(lock: Mapping[str, Any], found: ComposerManifest) -> Iterator[tuple[str, str]]:
    for group in ("packages", "packages-dev"):
        packages = lock.get(group)
        for package in packages[:MAX_PACKAGES] if isinstance(packages, list) else ():
            entry = package if isinstance(package, dict) else {}
            name, version = str(entry.get("name", "")).lower(), str(entry.get("version", ""))
            if _NAME.fullmatch(name) and _VERSION.fullmatch(version):
                yield name, version
            else:
                found.notes.append(f"refused: composer.lock: {name[:100]} {version[:60]} (not a version of the registry)")


def _autoload(data: Mapping[str, Any], found: ComposerManifest) -> dict[str, Any]:
    """Those for use and for development together: places of the repository, each from the directory of the part."""
    made: dict[str, Any] = {"psr-4": {}, "psr-0": {}, "classmap": [], "files": []}
    for group in ("autoload", "autoload-dev"):
        asked = _table(data, group)
        for kind in ("psr-4", "psr-0"):
            for prefix, places in _table(asked, kind).items():
                inside = [place for one in _several(places) if (place := _inside(one)) is not None]
                if _PREFIX.fullmatch(prefix) and inside:
                    made[kind].setdefault(prefix, []).extend(f"{place}/" for place in inside)
                else:
                    found.notes.append(f"refused: composer.json: {group}: {prefix[:100]} (not a place of the repository)")
        for kind in ("classmap", "files"):
            made[kind] += [place for one in _several(asked.get(kind)) if (place := _inside(one)) is not None]
    return made


def _inside(place: object) -> str | None:
    """``place`` without detours, where it lies below its directory: "." is that itself."""
    if not isinstance(place, str) or not _PLACE.fullmatch(place):
        return None
    path = posixpath.normpath(place or ".")
    return None if path.startswith(("/", "..")) else path


def _class_files(top: Path, places: list[str], vendor: str) -> Iterator[str]:
    """The PHP files in ``places`` of ``top``, without links."""
    left, number = MAX_CLASS_BYTES, 0
    for place in places:
        start = top / place
        if not is_inside(top, start):
            continue  # a link, through which a whole disk could be walked
        for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
            name = path.relative_to(top).as_posix()
            if path.suffix not in (".php", ".inc") or name.startswith(f"{vendor}/") or not is_file_inside(top, path):
                continue
            if path.is_symlink():
                continue
            left, number = left - path.stat().st_size, number + 1
            if left < 0 or number > MAX_CLASS_FILES:
                return
            yield name


def _several(value: object) -> list[object]:
    return value if isinstance(value, list) else [value] if value is not None else []


def _table(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}
