"""Budgets are reserved before the money is spent: one ledger row per model call, checked against every cap that covers it.

The caps' rows are locked while a reservation is checked and written, so concurrent runs can't pass a cap together. A
reservation that a crash orphaned keeps counting at its estimate.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import BigIntegerField, Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from .models import Budget, LedgerEntry


class CapReached(Exception):
    """A reservation would pass a cap. The text says which."""


def reserve(
    *,
    workspace_id: uuid.UUID,
    project_id: uuid.UUID,
    run_id: uuid.UUID,
    step_key: str,
    tokens: int,
    run_caps: Mapping[str, Any],
) -> LedgerEntry:
    """Writes a reservation of ``tokens`` for one call. Raises CapReached, and then nothing is written.

    ``run_caps`` is the run's own budget: max_tokens, max_cost_usd, max_calls; a missing one means no such cap.
    """
    with transaction.atomic():
        scope = Q(project_id=None) | Q(project_id=project_id)
        budgets = list(Budget.objects.of(workspace_id).select_for_update().filter(scope).order_by("id"))
        _check(LedgerEntry.objects.of(workspace_id).filter(run_id=run_id), "this run's budget", run_caps, tokens)
        for budget in budgets:
            entries = LedgerEntry.objects.of(workspace_id)
            if budget.project_id:
                entries = entries.filter(project_id=budget.project_id)
            if budget.period == "month":
                start = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
                entries = entries.filter(created_at__gte=start)
            caps = {"max_tokens": budget.max_tokens, "max_cost_usd": budget.max_cost_usd, "max_calls": budget.max_calls}
            whose = "the project's" if budget.project_id else "the workspace's"
            _check(entries, f"{whose} budget ({budget.period})", caps, tokens)
        attempt = LedgerEntry.across_tenants.filter(run_id=run_id, step_key=step_key).count() + 1
        entry: LedgerEntry = LedgerEntry.objects.create(
            workspace_id=workspace_id,
            project_id=project_id,
            run_id=run_id,
            step_key=step_key,
            attempt=attempt,
            reserved_tokens=tokens,
        )
        return entry


def settle(entry_id: uuid.UUID, *, model: str, tokens_in: int, tokens_out: int, cost_usd: Decimal | None) -> None:
    """Replaces the estimate by what the call took."""
    LedgerEntry.across_tenants.filter(pk=entry_id).update(
        model=model, tokens_in=tokens_in, tokens_out=tokens_out, cost_usd=cost_usd, settled_at=timezone.now()
    )


def used(entries: QuerySet[LedgerEntry]) -> dict[str, Any]:
    """Tokens (estimates where unsettled), calls, known cost and the number of calls whose price is unknown."""
    actual = Coalesce(F("tokens_in") + F("tokens_out"), F("reserved_tokens"), output_field=BigIntegerField())
    return entries.aggregate(
        tokens=Coalesce(Sum(actual), 0),
        calls=Count("id"),
        cost=Coalesce(Sum("cost_usd"), Decimal(0)),
        unpriced=Count("id", filter=Q(settled_at__isnull=False, cost_usd=None)),
    )


def _check(entries: QuerySet[LedgerEntry], whose: str, caps: Mapping[str, Any], tokens: int) -> None:
    if not any(caps.get(name) is not None for name in ("max_tokens", "max_cost_usd", "max_calls")):
        return
    so_far = used(entries)
    if (limit := caps.get("max_tokens")) is not None and so_far["tokens"] + tokens > limit:
        raise CapReached(f"{whose} allows {limit} tokens; {so_far['tokens']} are used and this call may take {tokens}.")
    if (limit := caps.get("max_calls")) is not None and so_far["calls"] + 1 > limit:
        raise CapReached(f"{whose} allows {limit} model calls, and all are used.")
    if (limit := caps.get("max_cost_usd")) is not None:
        if so_far["unpriced"]:
            raise CapReached(f"{whose} is in USD, but the model's price is unknown: set it under /api/models, or cap tokens.")
        if so_far["cost"] >= Decimal(str(limit)):
            raise CapReached(f"{whose} allows ${limit}; ${so_far['cost']} are spent.")
