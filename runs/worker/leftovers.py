"""What dead processes and deleted workspaces left in this machine's data directory. Work directories: `runs.worker.workdirs`;
mirrors and installed environments have bounds of their own."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

import structlog
from django.conf import settings

from mgx_project.common import tenant_wall
from mgx_project.common.drafts import remove_drafts
from workspaces.models import Workspace

log = structlog.stdlib.get_logger(__name__)
OF_WORKSPACES = ("cache", "maps")
"""Directories with one for each workspace."""
LOCK = ".held"
SILENT_SECONDS = 86_400
"""After so long without a sign of life, a process has ended whose directory has no lock."""


def runtime_directory() -> Path:
    """This process's own. Containers that share a data directory may have the same name and the same process ids, so it also
    has a part that nobody else has."""
    return Path(settings.MGX_DATA_DIR) / "runtime" / f"{socket.gethostname()}-{os.getpid()}-{_own_part(os.getpid())}"


@cache
def _own_part(pid: int) -> str:
    return uuid.uuid4().hex[:12]


def hold_runtime() -> None:
    """Makes the directory and locks it until this process ends, however it ends: who can take the lock may remove it."""
    directory = runtime_directory()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = directory / f"{LOCK}.new"
    lock = os.open(new, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with suppress(OSError):  # some network file systems have no locks: the signs of life count then
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        new.rename(directory / LOCK)  # it never has that name without being locked


def show_life() -> None:
    """To others, where the file system has no locks."""
    with suppress(OSError):  # a full or broken disk is no reason to end here
        os.utime(runtime_directory())


@tenant_wall.across_tenants()
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
    """The process whose directory that is. Its id says nothing: it may be that of a process in another container. Releases
    before have made directories without a lock."""
    *_, pid, last = ["", *runtime.name.split("-")]
    if not last.isdigit() and not pid.isdigit():
        return False
    try:
        lock = os.open(runtime / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return _is_silent(runtime)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    except OSError:
        return _is_silent(runtime)
    finally:
        os.close(lock)


def _is_silent(runtime: Path) -> bool:
    with suppress(FileNotFoundError):
        return time.time() - runtime.stat().st_mtime > SILENT_SECONDS
    return False


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
