"""The running totals of the ledger: one row for the run, and two (ever, this month) for its project and its workspace; one
more (this month) where the server's own model endpoint is paid by the operator.

Whoever reserves or settles locks these rows, always in the same order, before anything else: that is what makes concurrent
runs, and parallel calls of one run, see each other. In the lock order they stand where budgets do, before task, run, workspace.

They are read and written in plain SQL: it happens twice per model call, where building the same query anew costs more than it
takes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Case, CharField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, JSONObject
from django.db.models.lookups import Exact, IsNull

from mgx_project.common import clock, transaction_ids

from .models import Budget, Meter

EVER = ""
SCOPES = Meter.Scope
_FIELDS = [field.attname for field in Meter._meta.concrete_fields]
_LISTED = ", ".join(f"meters.{name}" for name in _FIELDS)
_OF_SERVER = "OR (scope = 'server' AND scope_id = %(workspace)s AND period = %(month)s)"
_LOCK = """
WITH covering AS MATERIALIZED (
    SELECT json_agg(json_build_object(
        'id', id, 'project_id', project_id, 'period', period, 'max_tokens', max_tokens, 'max_cost_usd', max_cost_usd::text,
        'max_calls', max_calls, 'max_seconds', max_seconds, 'set_by_operator', set_by_operator
    ) ORDER BY id) AS budgets
    FROM budgets WHERE workspace_id = %(workspace)s AND (project_id IS NULL OR project_id = %(project)s)
)
SELECT {fields}, covering.budgets, {xid} FROM meters, covering WHERE workspace_id = %(workspace)s AND (
    (scope = 'run' AND scope_id = %(run)s AND period = '')
    OR (scope = 'project' AND scope_id = %(project)s AND period IN ('', %(month)s))
    OR (scope = 'workspace' AND scope_id = %(workspace)s AND period IN ('', %(month)s))
    {of_server}
) ORDER BY scope, period {lock}
"""


@dataclass(frozen=True)
class BudgetScope:
    """What a run's spending counts against; ``on_server``: also the operator's budget for the server's own endpoint."""

    workspace_id: uuid.UUID
    project_id: uuid.UUID
    run_id: uuid.UUID
    on_server: bool = False


def month_of(moment: datetime | None = None) -> str:
    return f"{moment or clock.now():%Y-%m}"


@dataclass(frozen=True)
class Held:
    """Locked meters by kind and period, and the budgets that cover the run, in the order of their ids."""

    meters: dict[tuple[str, str], Meter]
    budgets: list[Budget]


def locked(scope: BudgetScope, month: str) -> Held:
    """The meters of ``scope``, created if missing and locked until the transaction ends."""
    wanted = _wanted(scope, month)
    found = _lock(scope, month)
    if missing := [key for key in wanted if key not in found.meters]:
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
    changed = added(meters, amounts)
    if changed:
        with connection.cursor() as cursor:
            values: dict[str, Any] = {**changed, "meters": [meter.pk for meter in meters]}
            cursor.execute(update_of(changed), values)


def update_of(changed: Iterable[str]) -> str:
    """The statement that adds the amounts named so to the meters whose ids are ``meters``."""
    return f"UPDATE meters SET {', '.join(f'{name} = {name} + %({name})s' for name in changed)} WHERE id = ANY(%(meters)s)"


def added(meters: Iterable[Meter], amounts: Mapping[str, Any]) -> dict[str, Any]:
    """Adds to the meters in memory, and returns what there is to write: the amounts that are not 0."""
    changed = {name: amount for name, amount in amounts.items() if amount}
    for meter in meters:
        for name, amount in changed.items():
            setattr(meter, name, getattr(meter, name) + amount)
    return changed


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


def read(scope: BudgetScope, month: str) -> Held:
    """The meters as they are, without waiting for whoever holds them; those that are missing are at nothing."""
    found = _lock(scope, month, lock="")
    for key in _wanted(scope, month):
        found.meters.setdefault(key, Meter())
    if found.budgets:
        return found
    return replace(found, budgets=list(Budget.objects.for_workspace(scope.workspace_id).filter(_covers(scope)).order_by("pk")))


def _covers(scope: BudgetScope) -> Q:
    return Q(project_id=None) | Q(project_id=scope.project_id)


def _wanted(scope: BudgetScope, month: str) -> dict[tuple[str, str], uuid.UUID]:
    wanted: dict[tuple[str, str], uuid.UUID] = {
        (SCOPES.PROJECT, EVER): scope.project_id,
        (SCOPES.PROJECT, month): scope.project_id,
        (SCOPES.RUN, EVER): scope.run_id,
        (SCOPES.WORKSPACE, EVER): scope.workspace_id,
        (SCOPES.WORKSPACE, month): scope.workspace_id,
    }
    if scope.on_server:
        wanted[SCOPES.SERVER, month] = scope.workspace_id
    return wanted


def _lock(scope: BudgetScope, month: str, lock: str = "FOR UPDATE OF meters") -> Held:
    ids: dict[str, Any] = {"workspace": scope.workspace_id, "project": scope.project_id, "run": scope.run_id, "month": month}
    with connection.cursor() as cursor:
        of_server, xid = _OF_SERVER if scope.on_server else "", transaction_ids.CURRENT if lock else "NULL"
        cursor.execute(_LOCK.format(fields=_LISTED, of_server=of_server, lock=lock, xid=xid), ids)
        found = cursor.fetchall()
    meters = [Meter.from_db(connection.alias, _FIELDS, row[: len(_FIELDS)]) for row in found]
    covering, noted = found[0][len(_FIELDS) :] if found else (None, None)
    if noted is not None:
        transaction_ids.note(noted)
    return Held({(row.scope, row.period): row for row in meters}, [_budget(facts) for facts in covering or []])


def _budget(facts: dict[str, Any]) -> Budget:
    cost = facts["max_cost_usd"]
    ids = {name: value and uuid.UUID(value) for name, value in facts.items() if name in {"id", "project_id"}}
    return Budget(**{**facts, **ids, "max_cost_usd": None if cost is None else Decimal(cost)})
