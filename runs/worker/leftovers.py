"""What dead processes and deleted workspaces left in this machine's data directory. Work directories: `runs.worker.workdirs`;
mirrors and installed environments have bounds of their own."""

from __future__ import annotations

import os
import shutil
import socket
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import structlog
from django.conf import settings

from mgx_project.common.drafts import remove_drafts
from workspaces.models import Workspace

log = structlog.stdlib.get_logger(__name__)
OF_WORKSPACES = ("cache", "maps")
"""Directories with one for each workspace."""
SILENT_SECONDS = 86_400
"""After so long without a sign of life, a process of another host has ended."""


def runtime_directory() -> Path:
    """This process's own. Containers that share a data directory have a name each, and the same process ids."""
    return Path(settings.MGX_DATA_DIR) / "runtime" / f"{socket.gethostname()}-{os.getpid()}"


def show_life() -> None:
    """To other hosts, which can't see whether this process lives."""
    with suppress(OSError):  # a full or broken disk is no reason to end here
        os.utime(runtime_directory())


def prune() -> dict[str, int]:
    """Removes it, and returns how many of each. Any number of processes may do so at once."""
    data = settings.MGX_DATA_DIR
    removed = {
        "runtime": _remove(path for path in _below(data / "runtime") if _has_ended(path)),
        "drafts of artifacts": remove_drafts(data / "artifacts"),
        "caches": _remove(path for name in OF_WORKSPACES for path in _gone(_below(data / name))),
    }
    removed = {name: number for name, number in removed.items() if number}
    if removed:
        log.info("removed what dead processes and deleted workspaces left", **removed)
    return removed


def _gone(directories: list[Path]) -> list[Path]:
    """Those of workspaces that there are no more."""
    named = {found: path for path in directories if (found := _uuid(path.name)) is not None}
    known = set(Workspace.objects.filter(pk__in=named).values_list("pk", flat=True))
    return [path for pk, path in named.items() if pk not in known]


def _remove(directories: Iterable[Path]) -> int:
    count = 0
    for path in directories:
        shutil.rmtree(path, ignore_errors=True)
        count += 1
    return count


def _has_ended(runtime: Path) -> bool:
    """The process whose directory that is. Releases before named it by its id alone, without the host."""
    host, _, pid = runtime.name.rpartition("-")
    if not pid.isdigit():
        return False
    if host == socket.gethostname():
        return not _lives(int(pid))
    try:
        return time.time() - runtime.stat().st_mtime > SILENT_SECONDS
    except FileNotFoundError:
        return False


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _below(directory: Path) -> list[Path]:
    try:
        return [path for path in directory.iterdir() if path.is_dir() and not path.is_symlink()]
    except FileNotFoundError:
        return []


def _uuid(name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(name)
    except ValueError:
        return None
