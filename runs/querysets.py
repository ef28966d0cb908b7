"""Reads that only workers do: across tenants, by lease."""

from __future__ import annotations

import uuid

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from .models import TaskRun
from .models.run import CLAIMABLE


def claimable() -> QuerySet[TaskRun]:
    """Runs with work to do that nobody holds: never claimed, released, or held by an expired lease (database time)."""
    unheld = Q(lease_expires_at=None) | Q(lease_expires_at__lt=Now())
    runs: QuerySet[TaskRun] = TaskRun.across_tenants.filter(unheld, status__in=CLAIMABLE)
    return runs


def next_to_claim(limit: int = 100) -> list[tuple[uuid.UUID, str]]:
    """Id and status of claimable runs, the ones that wait longest first."""
    waiting = claimable().order_by(F("lease_expires_at").asc(nulls_first=True), "created_at")
    return list(waiting.values_list("id", "status")[:limit])
