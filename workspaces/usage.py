"""Usage of a tenant: tokens, model calls and cost, from the ledger."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce, Trunc

from mgx_project.common.time_ranges import BUCKETS, read_period

from .models import LedgerEntry

__all__ = ["BUCKETS", "usage"]
_SETTLED = Q(settled_at__isnull=False)


def _sums() -> dict[str, Any]:
    return {
        "tokens_in": Coalesce(Sum("tokens_in"), 0),
        "tokens_out": Coalesce(Sum("tokens_out"), 0),
        "reserved_tokens": Coalesce(Sum("reserved_tokens", filter=~_SETTLED), 0),
        "calls": Count("id", filter=Q(cached=False)),
        "cached_calls": Count("id", filter=Q(cached=True)),
        "unpriced_calls": Count("id", filter=_SETTLED & Q(cost_usd=None)),
        "runs": Count("run_id", distinct=True),
        "cost_usd": Coalesce(Sum("cost_usd"), Decimal("0.000000")),
    }


def usage(*, workspace_id: uuid.UUID, params: Mapping[str, str]) -> dict[str, Any]:
    """Totals and buckets of a period, with two queries. Raises BadRequest."""
    period = read_period(params, bucket="day")
    entries = LedgerEntry.objects.for_workspace(workspace_id).filter(created_at__gte=period.since, created_at__lt=period.until)
    buckets = entries.annotate(start=Trunc("created_at", period.bucket)).values("start").annotate(**_sums()).order_by("start")
    return {"since": period.since, "until": period.until, "totals": entries.aggregate(**_sums()), "buckets": list(buckets)}
