"""Summaries, computed by the database from all snapshots and never from a single page of them."""

from __future__ import annotations

from typing import Any

from django.db.models import Avg, Count, Max, Min, QuerySet
from django.db.models.functions import Trunc

from .aggregates import Latest, Percentile
from .models import MetricSnapshot

_STATISTICS: dict[str, Any] = {
    "count": Count("id"),
    "min": Min("value"),
    "max": Max("value"),
    "avg": Avg("value"),
    "p50": Percentile("value", fraction=0.5),
    "p95": Percentile("value", fraction=0.95),
    "last": Latest("value", order_by=["-timestamp", "-id"]),
}


def summary(snapshots: QuerySet[MetricSnapshot], *, bucket: str = "") -> dict[str, dict[str, Any]]:
    """``{name: {count, min, max, avg, p50, p95, last}}``; with ``bucket`` each name also has ``buckets``, oldest first."""
    named: Any = snapshots.values("name").annotate(**_STATISTICS).order_by("name")
    found: dict[str, dict[str, Any]] = {row.pop("name"): row for row in named}
    if bucket:
        pieces: Any = snapshots.annotate(start=Trunc("timestamp", bucket)).values("name", "start").annotate(**_STATISTICS)
        for row in pieces.order_by("start"):
            found[row.pop("name")].setdefault("buckets", []).append(row)
    return found
