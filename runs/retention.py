"""What came in and was worked off is remembered for a month, and then goes: GitHub delivers again for three days at most, and
what is older than a week when it comes is not obeyed (`runs.webhooks.parsing`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from repositories.models import WebhookDelivery

from .models import Handled

log = structlog.stdlib.get_logger(__name__)
KEPT = timedelta(days=30)
EVERY = 3600
"""Seconds between two prunings, over all processes."""
BATCH = 500
MAX_BATCHES = 20
"""At most so many in one go, so that the reaper soon does its proper work again; the rest goes in the next hour."""


def prune_sometimes() -> int:
    """`prune`, at most once in `EVERY` seconds whoever calls it."""
    return prune() if cache.add("mgx.pruned", 1, EVERY) else 0


def prune() -> int:
    """Deletes what is done and old; returns how many rows. What is still to be done or said stays, however old it is."""
    done = WebhookDelivery.across_tenants.filter(processed_at__isnull=False)
    said = Handled.across_tenants.filter(Q(said_at=None) | Q(said_at__lt=Now() - KEPT), say_at=None)
    gone = sum(_in_batches(rows) for rows in (done, said))
    if gone:
        log.info("old deliveries and answers are removed", number=gone)
    return gone


def _in_batches(rows: QuerySet[Any]) -> int:
    """By the index on ``created_at``. Who deletes the same rows beside us does no harm."""
    old = rows.filter(created_at__lt=Now() - KEPT).order_by("created_at")
    gone = 0
    for _ in range(MAX_BATCHES):
        batch = list(old.values_list("pk", flat=True)[:BATCH])
        gone += rows.filter(pk__in=batch).delete()[0]
        if len(batch) < BATCH:
            break
    return gone
