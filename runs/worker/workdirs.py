"""Removes work directories that killed workers left behind: <data>/runs/<run>/<fence>, one for each claim.

Only what no live lease has is removed, and only once it is older than any claim that could just be starting.
"""

from __future__ import annotations

import shutil
import time
import uuid
from contextlib import suppress
from pathlib import Path

import structlog
from django.conf import settings
from django.db.models.functions import Now

from mgx_project.common import tenant_wall

from ..models import TaskRun

log = structlog.stdlib.get_logger(__name__)


@tenant_wall.across_tenants()
def prune() -> int:
    """Removes unowned directories of this machine and returns how many. Any number of workers may do so at once."""
    root = settings.MGX_DATA_DIR / "runs"
    found = [(run, claim) for run in _below(root) for claim in _below(run) if claim.name.isdigit() and _is_old(claim)]
    ids = {pk for run, _ in found if (pk := _uuid(run.name))}
    held = TaskRun.across_tenants.filter(pk__in=ids, lease_expires_at__gte=Now())
    fences = dict(held.values_list("pk", "fence"))
    gone = 0
    for run, claim in found:
        pk = _uuid(run.name)
        if pk is None or fences.get(pk, -1) == int(claim.name):
            continue
        shutil.rmtree(claim, ignore_errors=True)
        with suppress(OSError):  # another claim of the run is beside it
            run.rmdir()
        gone += 1
    if gone:
        log.info("removed the work directories of ended claims", number=gone)
    return gone


def _below(directory: Path) -> list[Path]:
    try:
        return [path for path in directory.iterdir() if path.is_dir() and not path.is_symlink()]
    except FileNotFoundError:
        return []


def _is_old(claim: Path) -> bool:
    """A worker that lost its lease a moment ago may still be at its end there, and it removes its directory itself."""
    try:
        return time.time() - claim.stat().st_mtime > 2 * settings.MGX_LEASE_SECONDS
    except FileNotFoundError:
        return False


def _uuid(name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(name)
    except ValueError:
        return None
