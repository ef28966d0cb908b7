"""Retention: processed deliveries are deleted after a month. GitHub redelivers for three days at most, and deliveries older
than a week are not processed (`runs.webhooks.parsing`).
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from repositories.models import WebhookDelivery

from .models import Handled

log = logging.getLogger(__name__)
KEPT = timedelta(days=30)
EVERY = 3600
"""Seconds between two prunings, over all processes."""
BATCH = 500
MAX_BATCHES = 20
"""The most rows deleted at once, so that the reaper is not delayed; the rest follows in the next hour."""


def prune_sometimes() -> int:
    """Calls `prune`, at most once in `EVERY` seconds over all processes."""
    return prune() if cache.add("mgx.pruned", 1, EVERY) else 0


def prune() -> int:
    """Deletes old processed rows and returns their number. Pending rows are kept, however old they are."""
    done = WebhookDelivery.across_tenants.filter(processed_at__isnull=False)
    said = Handled.across_tenants.filter(Q(said_at=None) | Q(said_at__lt=Now() - KEPT), say_at=None)
    gone = sum(_in_batches(rows) for rows in (done, said))
    if gone:
        log.info("%s old deliveries and replies were deleted", gone)
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
