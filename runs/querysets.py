"""Querysets for workers, which read across tenants, by lease."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from agent.prompt_versions import VERSION

from .models import TaskRun
from .models.run_state import CLAIMABLE

JOURNAL_FORMAT = 1
"""Raised when keys, inputs or results of steps are made in another way (`runs.lifecycle.versions`)."""


def not_newer() -> Q:
    """Runs that are not made with a newer version than this process knows."""
    return Q(prompt_set__lte=int(VERSION), journal_format__lte=JOURNAL_FORMAT)


def claimable() -> QuerySet[TaskRun]:
    """Runs with work to do that nobody holds: never claimed, released, or held by an expired lease (database time).
    Those of a newer version wait for a newer worker."""
    unheld = Q(lease_expires_at=None) | Q(lease_expires_at__lt=Now())
    runs: QuerySet[TaskRun] = TaskRun.across_tenants.filter(unheld, not_newer(), status__in=CLAIMABLE)
    return runs
