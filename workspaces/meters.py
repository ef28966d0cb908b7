"""The running totals of the ledger: one row for the run, and two (ever, this month) for its project and its workspace; one
more (this month) where the server's own model endpoint is paid by the operator.

Whoever reserves or settles locks these rows, always in the same order, before anything else: that is what makes concurrent
runs, and parallel calls of one run, see each other. In the lock order they stand where budgets do, before task, run, workspace.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, JSONObject
from django.db.models.lookups import Exact, IsNull
from django.utils import timezone

from .models import Budget, Meter

EVER = ""
SCOPES = Meter.Scope


@dataclass(frozen=True)
class BudgetScope:
    """What a run's spending counts against; ``on_server``: also the operator's budget for the server's own endpoint."""

    workspace_id: uuid.UUID
    project_id: uuid.UUID
    run_id: uuid.UUID
    on_server: bool = False


def month_of(moment: datetime | None = None) -> str:
    return f"{moment or timezone.now():%Y-%m}"


def locked(scope: BudgetScope, month: str) -> dict[tuple[str, str], Meter]:
    """The meters of ``scope`` by kind and period, created if missing and locked until the transaction ends."""
    wanted = {
        (SCOPES.PROJECT, EVER): scope.project_id,
        (SCOPES.PROJECT, month): scope.project_id,
        (SCOPES.RUN, EVER): scope.run_id,
        (SCOPES.WORKSPACE, EVER): scope.workspace_id,
        (SCOPES.WORKSPACE, month): scope.workspace_id,
    }
    if scope.on_server:
        wanted[SCOPES.SERVER, month] = scope.workspace_id
    found = _lock(scope, month)
    if missing := [key for key in wanted if key not in found]:
        rows = [
            Meter(workspace_id=scope.workspace_id, scope=kind, scope_id=wanted[kind, period], period=period)
            for kind, period in missing
        ]
        Meter.across_tenants.bulk_create(rows, ignore_conflicts=True)
        found = _lock(scope, month)
    return found


def add(meters: Iterable[Meter], **amounts: Any) -> None:
    """Adds to each of the locked meters, in the database and in memory."""
    meters = list(meters)
    changed = {name: amount for name, amount in amounts.items() if amount}
    if not changed:
        return
    Meter.across_tenants.filter(pk__in=[meter.pk for meter in meters]).update(
        **{name: F(name) + amount for name, amount in changed.items()}
    )
    for meter in meters:
        for name, amount in changed.items():
            setattr(meter, name, getattr(meter, name) + amount)


def with_use(budgets: QuerySet[Budget]) -> QuerySet[Any]:
    """The budgets with ``used`` from their meters, reservations included; None if nothing was spent."""
    used = JSONObject(
        tokens=F("tokens_in") + F("tokens_out") + F("reserved_tokens"),
        cost_usd=Cast(F("cost_usd") + F("reserved_cost_usd"), CharField()),
        calls="calls",
        unpriced_calls="unpriced_calls",
        ms="work_ms",
    )
    meters = Meter.across_tenants.filter(
        workspace_id=OuterRef("workspace_id"),
        scope=Case(When(IsNull(OuterRef("project_id"), True), then=Value(SCOPES.WORKSPACE)), default=Value(SCOPES.PROJECT)),
        scope_id=Coalesce(OuterRef("project_id"), OuterRef("workspace_id")),
        period=Case(When(Exact(OuterRef("period"), Value("month")), then=Value(month_of())), default=Value(EVER)),
    )
    return budgets.annotate(used=Subquery(meters.values(used=used)))


def _lock(scope: BudgetScope, month: str) -> dict[tuple[str, str], Meter]:
    both = Q(period=EVER) | Q(period=month)
    mine = (
        Q(scope=SCOPES.RUN, scope_id=scope.run_id, period=EVER)
        | Q(scope=SCOPES.PROJECT, scope_id=scope.project_id) & both
        | Q(scope=SCOPES.WORKSPACE, scope_id=scope.workspace_id) & both
    )
    if scope.on_server:
        mine |= Q(scope=SCOPES.SERVER, scope_id=scope.workspace_id, period=month)
    rows = Meter.objects.for_workspace(scope.workspace_id).filter(mine).select_for_update().order_by("scope", "period")
    return {(row.scope, row.period): row for row in rows}
