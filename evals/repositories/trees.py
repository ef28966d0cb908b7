"""Makes a project's git repository: unpacked from what its registry has, or written from its description."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from evals.repositories.description import PlantedBug, ProjectDescription
from evals.worktree import prepare

DOWNLOAD_SECONDS = 300
LATER_SECONDS = 2


class TreeNotMade(Exception):
    """A sentence that says what could not be made, and why."""


def repository(project: ProjectDescription, cache: Path, root: Path) -> None:
    """The project in ``root``, which must not exist, with one commit. Raises TreeNotMade."""
    with tempfile.TemporaryDirectory(prefix="mgx-repositories-", ignore_cleanup_errors=True) as directory:
        tree = Path(directory) / "tree"
        if project.registry:
            _unpack(_archive(project, cache), tree)
        for path, text in project.files.items():
            place = tree / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, "utf-8")
        prepare(tree, root)


def _archive(project: ProjectDescription, cache: Path) -> Path:
    """From the registry by its own client, once; the name of its directory says which it is."""
    place = cache / "archives" / f"{project.registry}-{project.package.replace('/', '+')}-{project.version}"
    if not (found := _only_file(place)):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        _download(project, place)
        found = _only_file(place)
    if found is None:
        raise TreeNotMade(f"{project.package} {project.version} has no archive of its sources in the registry.")
    return found


def _only_file(place: Path) -> Path | None:
    return (
        next((path for path in sorted(place.glob("*")) if path.name.endswith((".tar.gz", ".tgz"))), None)
        if place.is_dir()
        else None
    )


def _download(project: ProjectDescription, place: Path) -> None:
    if project.registry == "npm":
        argv = ["npm", "pack", "--silent", f"{project.package}@{project.version}", "--pack-destination", str(place)]
    else:
        argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(place)]
        argv.append(f"{project.package}=={project.version}")
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TreeNotMade(f"{project.package} could not be downloaded: {error}") from error
    if done.returncode:
        raise TreeNotMade(f"{project.package} {project.version} could not be downloaded: {done.stderr.strip()[-500:]}")


def _unpack(archive: Path, tree: Path) -> None:
    """Without the directory that all of it lies in. By tar: before 3.11.4 Python's own writes wherever an archive says."""
    with tempfile.TemporaryDirectory(prefix="mgx-unpacked-") as directory:
        argv = ["tar", "--extract", "--gzip", "--no-same-owner", "--file", str(archive), "--directory", directory]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            raise TreeNotMade(f"{archive.name} could not be unpacked: {done.stderr.strip()[-500:]}")
        inside = [path for path in Path(directory).iterdir() if path.is_dir()]
        if len(inside) != 1:
            raise TreeNotMade(f"{archive.name} does not hold one directory.")
        shutil.copytree(inside[0], tree, symlinks=True)


def plant(tree: Path, bug: PlantedBug) -> None:
    """Writes ``bug`` into the working tree. Raises TreeNotMade where its text is not there once.

    The file is newer than all that was built of it, and not of the same second: Python compares whole seconds and the length.
    """
    place = tree / bug.path
    text = place.read_text("utf-8") if place.is_file() else ""
    if text.count(bug.old) != 1:
        raise TreeNotMade(f"{bug.path} has {text.count(bug.old)} times what the bug replaces; it has to be there once.")
    later = max(time.time(), place.stat().st_mtime + LATER_SECONDS)
    place.write_text(text.replace(bug.old, bug.new), "utf-8")
    os.utime(place, (later, later))
