"""Counts workers that die in a run: after two deaths in the same step the run is paused, so that it kills no further worker.

A death is a process that ended: by itself, or killed because it gave no sign of life. A claim that was given back, as a worker
that is told to stop does, counts as none; nor does one whose worker lives and could not reach the database: it says so as soon
as it can (`take_back`). A step that was recorded between two deaths is progress: the count starts again, so that a machine that
fails now and then pauses no long run.
"""

from __future__ import annotations

import uuid

from django.db.models import F

from mgx_project.common import clock
from workspaces.models import Event

from ..events import event_log
from ..models import RunStep, TaskRun
from ..models.run_state import Status
from . import claim_spans
from .base import end_lease, save_state

MOST = 2
MOST_IN_ALL = 20
"""However much was recorded in between: a run that kills so many workers is looked at by a person."""
SHOWN = 10


def count(run: TaskRun, *, died: bool) -> bool:
    """At a claim, under the run's lock: whether the run was paused instead. Else the caller saves the run's two fields."""
    if not died:
        run.worker_deaths, run.died_at = 0, ""
        return False
    place = _place(run)
    run.worker_deaths = run.worker_deaths + 1 if run.died_at == place else 1
    run.died_at = place
    log = _log(run)
    if run.worker_deaths < MOST and len(log) < MOST_IN_ALL:
        return False
    _pause(run, log)
    return True


def _log(run: TaskRun) -> list[dict[str, object]]:
    """Each death since a person last resumed the run: when it was noticed, the claim and what was recorded by then; this one is
    the last."""
    rows = Event.objects.for_workspace(run.workspace_id).filter(run_id=run.pk)
    since = rows.filter(type="resumed").order_by("-seq").values_list("seq", flat=True).first() or 0
    known = rows.filter(type="recovered", seq__gt=since).order_by("seq").values_list("created_at", "data__fence")
    deaths: list[dict[str, object]] = [{"at": at.isoformat(), "claim": fence - 1} for at, fence in known]
    return [*deaths, {"at": clock.now().isoformat(), "claim": run.fence, "place": run.died_at}]


def take_back(run_id: uuid.UUID, fence: int) -> None:
    """Reports that the worker of the claim ``fence`` is alive but no longer works on the run.

    If nobody has taken the run since, the next claim counts no death: a lease without an owner was released. It still
    expires first, so that a database that fails again and again is not queried without a pause. If somebody has, the
    death that was counted is taken back.
    """
    runs = TaskRun.across_tenants.filter(pk=run_id)
    if not runs.filter(fence=fence).exclude(lease_expires_at=None).update(lease_owner=""):
        runs.filter(fence=fence + 1, worker_deaths__gt=0).update(worker_deaths=F("worker_deaths") - 1)


def _place(run: TaskRun) -> str:
    recorded = (
        RunStep.objects.for_workspace(run.workspace_id)
        .filter(run=run, finished_at__isnull=False)
        .exclude(kind=claim_spans.KIND)
        .count()
    )
    return f"{run.status}/{run.plan_version}/{recorded}"


def _pause(run: TaskRun, log: list[dict[str, object]]) -> None:
    begun = (
        RunStep.objects.for_workspace(run.workspace_id)
        .filter(run=run, finished_at=None)
        .exclude(kind=claim_spans.KIND)
        .order_by(*RunStep.NEWEST_FIRST)
    )
    key = begun.values_list("key", flat=True).first()
    where = f"in step {key}" if key else f"while it was {run.status}"
    if run.worker_deaths >= MOST:
        detail = f"The worker died {run.worker_deaths} times in this run, {where}, without recording a step in between."
    else:
        detail = f"Workers died {len(log)} times in this run, the last one {where}."
    hint = f"See the worker's log for what it did last. To try again: mgx resume {str(run.pk)[:8]}"
    run.paused_from = run.status
    run.enter(Status.PAUSED)
    run.pause_reason = "worker"
    run.error = {"code": "paused_worker", "detail": detail, "hint": hint, "deaths": log[-SHOWN:]}
    run.worker_deaths, run.died_at = 0, ""
    run.fence += 1  # a worker that only seemed dead can't write any more
    save_state(run, *end_lease(run), "paused_from", "pause_reason", "error", "fence", "worker_deaths", "died_at")
    data = {"reason": "worker", "detail": detail, "hint": hint}
    event_log.record(run, "paused", data, f"Paused (worker): {detail}")
