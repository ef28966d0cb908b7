"""Files of the artifact store that no row names: the store was away when their rows were deleted, or a process died between a
file and its row. They go after a day, some at a time, and what went is said.

Only files of runs that this server worked at, by their meters, which outlive them: a bucket may be shared, also with a server
that began as a copy of this one and has the same workspaces. Only of runs that are gone or ended a day ago: a run that goes on
may take the file up again (`runs.artifacts.store`).

Meters go with their workspace. So what deletes one writes down its files (`runs.receivers`), and they go as soon as the store
answers.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta

import structlog
from django.core.cache import cache
from django.db.models import Q

from mgx_project.common import clock, store, tenant_wall
from mgx_project.common.ids import parse_id
from workspaces.models import Meter

from .models import Artifact, FileToRemove, TaskRun
from .models.run_state import FINAL
from .worker.lease import keeper

log = structlog.stdlib.get_logger(__name__)
AGE = timedelta(days=1)
LISTED, MOST = 2_000, 200
"""Files that are looked at and deleted in one go; the next one begins where this one ended."""
CURSOR = "orphaned-files-after"
"""In the cache: where it is lost, the look begins from the first file."""


@tenant_wall.across_tenants()
def sweep(listed: int = LISTED) -> dict[str, int]:
    """Deletes what is due and returns how many files that were. Raises StoreAway."""
    after = cache.get(CURSOR, "")
    found = store.listed(after, listed)
    gone = 0
    for path in _orphans(found)[:MOST]:
        if keeper.stopping:
            return {"files deleted": gone}
        store.delete(path)
        log.info("a file that no row names was deleted", path=path)
        gone += 1
    if gone < MOST:  # else there may be more among these
        cache.set(CURSOR, found[-1].path if len(found) == listed else "", None)
    return {"files deleted": gone}


def remove_listed() -> dict[str, int]:
    """Deletes files of deleted workspaces, those that wait longest first, and returns how many. Raises StoreAway."""
    gone = 0
    for path in FileToRemove.objects.order_by("since", "path").values_list("path", flat=True)[:MOST]:
        if keeper.stopping:
            break
        store.delete(path)
        FileToRemove.objects.filter(path=path).delete()
        log.info("a file of a deleted workspace was deleted", path=path)
        gone += 1
    return {"files deleted": gone}


def _orphans(found: Iterable[store.Stored]) -> list[str]:
    old = {one.path: place for one in found if one.changed_at < clock.now() - AGE and (place := _place(one.path))}
    workspaces, runs = {workspace for workspace, _ in old.values()}, {run for _, run in old.values()}
    meters = Meter.across_tenants.filter(workspace_id__in=workspaces, scope=Meter.Scope.RUN, scope_id__in=runs)
    ours = set(meters.values_list("workspace_id", "scope_id"))
    at_work = TaskRun.across_tenants.filter(~Q(status__in=FINAL) | Q(completed_at__gte=clock.now() - AGE), pk__in=runs)
    kept = set(at_work.values_list("pk", flat=True))
    named = set(Artifact.across_tenants.filter(run_id__in=runs, path__in=old).values_list("path", flat=True))
    return [path for path, place in old.items() if place in ours and place[1] not in kept and path not in named]


def _place(path: str) -> tuple[uuid.UUID, uuid.UUID] | None:
    """The workspace and the run whose artifact is at ``path``; None for any other file."""
    parts = path.split("/")
    if len(parts) != 5 or parts[1] != "runs":
        return None
    workspace, run = parse_id(parts[0]), parse_id(parts[2])
    return None if workspace is None or run is None else (workspace, run)
