"""Retention: processed webhooks and posted comments are deleted after a month. Services redeliver for some days at most, and
deliveries older than a week are not processed (`runs.webhooks.processing`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from repositories.models import WebhookDelivery

from .models import OutgoingComment, ProcessedWebhook

log = structlog.stdlib.get_logger(__name__)
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
    """Deletes old processed rows and returns their number. Pending rows are kept, however old they are.

    A processed webhook is deleted after its comment: while the comment is kept, the same cause has no effect again.
    """
    deliveries = WebhookDelivery.across_tenants.filter(processed_at__isnull=False)
    comments = OutgoingComment.across_tenants.filter(Q(sent_at=None) | Q(sent_at__lt=Now() - KEPT), due_at=None)
    kept = OutgoingComment.across_tenants.filter(link_id=OuterRef("link_id"), key=OuterRef("key"))
    webhooks = ProcessedWebhook.across_tenants.filter(~Exists(kept))
    gone = sum(_in_batches(rows) for rows in (deliveries, comments, webhooks))
    if gone:
        log.info("deleted old webhooks and comments", number=gone)
    return gone


def _in_batches(rows: QuerySet[Any]) -> int:
    """Deletes by the index on ``created_at``. Another process may delete the same rows at the same time."""
    old = rows.filter(created_at__lt=Now() - KEPT).order_by("created_at")
    gone = 0
    for _ in range(MAX_BATCHES):
        batch = list(old.values_list("pk", flat=True)[:BATCH])
        gone += rows.filter(pk__in=batch).delete()[0]
        if len(batch) < BATCH:
            break
    return gone
