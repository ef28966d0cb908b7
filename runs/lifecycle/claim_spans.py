"""Spans of work: from a worker's claim of a run to the end of that claim, so that a run can say where its time went.

A span is a RunStep of the kind `phase` with the key `phase/{status}/{fence}`, written and closed in the very transactions that
begin and end the claim.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Greatest

from mgx_project.common import clock

from ..models import RunStep, TaskRun

KIND = "phase"


def begin(run: TaskRun) -> None:
    """Opens the span of a claim: status and fence of ``run`` are those of the claim."""
    RunStep.objects.create(
        workspace_id=run.workspace_id,
        run=run,
        key=f"{KIND}/{run.status}/{run.fence}",
        kind=KIND,
        input_digest="",
        started_at=clock.now(),
    )


def end(run: TaskRun) -> None:
    """Closes the open span, before the lease is cleared: a dead worker counts as working until its last renewal."""
    now = clock.now()
    expires = run.lease_expires_at
    until = now if expires is None or expires > now else expires - timedelta(seconds=settings.MGX_LEASE_SECONDS)
    opened = RunStep.across_tenants.filter(run=run, kind=KIND, finished_at=None)
    opened.update(finished_at=Greatest(F("started_at"), until))
