"""Querysets for workers, which read across tenants, by lease."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from .models import TaskRun
from .models.run_state import CLAIMABLE


def claimable() -> QuerySet[TaskRun]:
    """Runs with work to do that nobody holds: never claimed, released, or held by an expired lease (database time)."""
    unheld = Q(lease_expires_at=None) | Q(lease_expires_at__lt=Now())
    runs: QuerySet[TaskRun] = TaskRun.across_tenants.filter(unheld, status__in=CLAIMABLE)
    return runs
