"""Budgets are reserved before the money is spent: one ledger row per model call, checked against every cap that covers it.

A reservation counts in full until it is settled; one that was orphaned by a crash keeps counting. Working time is reserved
in the same way, some seconds ahead. A reservation is an upper estimate, and answers are cut where they pass it; if a call
still took more, the real amount is recorded and the next call is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Any

from django.db import connection, transaction

from mgx_project.common import clock

from .budget_caps import Cap, CapWarning, caps_of
from .errors import CapReached
from .meters import EVER, SCOPES, BudgetScope, Held, add, added, locked, month_of, read, update_of
from .models import LedgerEntry, Meter
from .server_budget import check_server, check_server_room, is_capped

CENT = Decimal("0.000001")
"""What the columns hold."""
_RESERVE = """
WITH entry AS (
    INSERT INTO ledger_entries (
        id, created_at, workspace_id, project_id, run_id, step_key, attempt, model, reserved_tokens, reserved_cost_usd,
        cached, month, role, on_server
    )
    SELECT %(id)s, %(now)s, %(workspace)s, %(project)s, %(run)s, %(step_key)s, count(*) + 1, '',
           %(tokens)s, %(cost)s, false, %(month)s, %(role)s, %(on_server)s
    FROM ledger_entries WHERE run_id = %(run)s AND step_key = %(step_key)s
    RETURNING attempt
)
{update} RETURNING (SELECT attempt FROM entry)
"""
"""One statement: the meters are locked before, so it sees every attempt there is."""
_SETTLE = """
WITH entry AS (
    UPDATE ledger_entries SET model = %(model)s, tokens_in = %(entry_in)s, tokens_out = %(entry_out)s,
           duration_ms = %(duration_ms)s, cost_usd = %(entry_cost)s, settled_at = %(now)s
    WHERE id = %(entry)s AND workspace_id = %(workspace)s AND settled_at IS NULL
    RETURNING id
)
{update} AND EXISTS (SELECT FROM entry)
"""


def reserve(
    *,
    scope: BudgetScope,
    step_key: str,
    tokens: int,
    cost_usd: Decimal | None,
    run_caps: Mapping[str, Any],
    default_tokens: int | None = None,
    role: str = "",
) -> LedgerEntry:
    """Writes a reservation for one call. Raises CapReached, in which case nothing is written.

    ``run_caps`` is the run's own budget: any of LIMITS. A call of unknown price (``cost_usd`` None) is refused under a cap in
    USD; where no cap on tokens covers it, ``default_tokens`` is the run's.
    """
    with transaction.atomic():
        entry = reserve_in_transaction(
            scope=scope, step_key=step_key, tokens=tokens, cost_usd=cost_usd, run_caps=run_caps,
            default_tokens=default_tokens, role=role,
        )  # fmt: skip
        require_server_room(scope, entry)
        return entry


def reserve_in_transaction(
    *,
    scope: BudgetScope,
    step_key: str,
    tokens: int,
    cost_usd: Decimal | None,
    run_caps: Mapping[str, Any],
    default_tokens: int | None = None,
    role: str = "",
) -> LedgerEntry:
    """`reserve` for a caller that rolls its transaction back where CapReached is raised, and so needs no savepoint. It calls
    `require_server_room` when nothing is left to write."""
    if cost_usd is not None:
        cost_usd = cost_usd.quantize(CENT, ROUND_UP)
    month = month_of()
    held = locked(scope, month)
    meters = held.meters
    for cap in _caps(held, run_caps, cost_usd, default_tokens):
        cap.check(tokens, cost_usd)
    entry = LedgerEntry(
        workspace_id=scope.workspace_id,
        project_id=scope.project_id,
        run_id=scope.run_id,
        step_key=step_key,
        reserved_tokens=tokens,
        reserved_cost_usd=cost_usd,
        month=month,
        role=role,
        created_at=clock.now(),
    )
    amounts = {"calls": 1, "reserved_tokens": tokens, "reserved_cost_usd": cost_usd or Decimal()}
    changed = added(meters.values(), amounts)
    facts: dict[str, Any] = {
        "id": entry.pk, "now": entry.created_at, "workspace": scope.workspace_id, "project": scope.project_id,
        "run": scope.run_id, "step_key": step_key, "tokens": tokens, "cost": cost_usd, "month": month, "role": role,
        "on_server": scope.on_server,
        "meters": [meter.pk for meter in meters.values()],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE.format(update=update_of(changed)), {**facts, **changed})
        (entry.attempt,) = cursor.fetchone()
    entry._state.adding = False
    return entry


def require_server_room(scope: BudgetScope, entry: LedgerEntry) -> None:
    """Raises CapReached where the reservation passes the server's budget. Last in a transaction: all tenants wait in
    one line for it, so it must not be held while another lock is waited for."""
    if scope.on_server and is_capped():
        check_server(entry.month, tokens=entry.reserved_tokens, cost_usd=entry.reserved_cost_usd)


def _caps(held: Held, run_caps: Mapping[str, Any], cost_usd: Decimal | None, default_tokens: int | None) -> list[Cap]:
    """Those of a call; of unknown price, and without another cap on tokens, the server's default is the run's."""
    caps = caps_of(held, run_caps)
    if cost_usd is None and default_tokens is not None and all(cap.max_tokens is None for cap in caps):
        whose = "The server's default for runs whose model has no known price and that have no cap on tokens"
        caps.append(Cap(whose, "default", held.meters[SCOPES.RUN, EVER], max_tokens=default_tokens))
    return caps


def enlarge(
    entry: LedgerEntry,
    *,
    scope: BudgetScope,
    tokens: int,
    cost_usd: Decimal | None,
    run_caps: Mapping[str, Any],
    default_tokens: int | None = None,
) -> None:
    """Makes the reservation one of ``tokens`` and ``cost_usd`` in all. Raises CapReached, in which case it stays as it is."""
    if cost_usd is not None:
        cost_usd = cost_usd.quantize(CENT, ROUND_UP)
    more, dearer = tokens - entry.reserved_tokens, (cost_usd or Decimal()) - (entry.reserved_cost_usd or Decimal())
    with transaction.atomic(savepoint=False):
        held = locked(scope, entry.month)
        for cap in _caps(held, run_caps, cost_usd, default_tokens):
            cap.check(more, None if cost_usd is None else dearer, calls=0)
        mine = LedgerEntry.objects.for_workspace(scope.workspace_id).filter(pk=entry.pk, settled_at=None)
        if mine.update(reserved_tokens=tokens, reserved_cost_usd=cost_usd):
            add(held.meters.values(), reserved_tokens=more, reserved_cost_usd=dearer)
        if scope.on_server and is_capped():
            check_server(entry.month, tokens=more, cost_usd=None if cost_usd is None else dearer)
    entry.reserved_tokens, entry.reserved_cost_usd = tokens, cost_usd


def has_room(
    *, scope: BudgetScope, tokens: int, cost_usd: Decimal | None, run_caps: Mapping[str, Any], default_tokens: int | None
) -> bool:
    """Whether a call of this size would be refused by no cap just now, nor for want of time. Without a lock."""
    month = month_of()
    held = read(scope, month)
    try:
        caps = _caps(held, run_caps, cost_usd, default_tokens)
        for cap in caps:
            cap.check(tokens, cost_usd)
        if scope.on_server and is_capped():
            check_server_room(month, tokens=tokens, cost_usd=cost_usd)
    except CapReached:
        return False
    return all(cap.ms_left != 0 for cap in caps)


def settle_orphan(entry: LedgerEntry) -> Settled:
    """Of a call whose worker died: it may have been made in full, so it took what was reserved. Raises nothing for one that is
    settled by now."""
    scope = BudgetScope(entry.workspace_id, entry.project_id, entry.run_id, on_server=bool(entry.on_server))
    return settle(
        entry, scope=scope, model=entry.model, tokens_in=entry.reserved_tokens, tokens_out=0, cost_usd=entry.reserved_cost_usd,
        duration_ms=0, run_caps={},
    )  # fmt: skip


@dataclass(frozen=True)
class Settled:
    """``run`` is the run's meter after the reservation, ``warnings`` the caps that are nearly used up."""

    run: Meter
    warnings: list[CapWarning]


def settle(
    entry: LedgerEntry,
    *,
    scope: BudgetScope,
    model: str,
    tokens_in: int,
    tokens_out: int,
    cost_usd: Decimal | None,
    duration_ms: int,
    run_caps: Mapping[str, Any],
) -> Settled:
    """Replaces the estimate of the reservation ``entry`` by what the call took; one that is settled already stays as it is.

    An unknown cost (of an answer that broke off) counts as it was reserved.
    """
    cost = entry.reserved_cost_usd if cost_usd is None else cost_usd.quantize(CENT, ROUND_HALF_UP)
    with transaction.atomic(savepoint=False):
        held = locked(scope, entry.month)
        meters = held.meters
        amounts: dict[str, Any] = {
            "tokens_in": tokens_in,
            "tokens_out": tokens_out,
            "reserved_tokens": -entry.reserved_tokens,
            "cost_usd": cost or Decimal(),
            "reserved_cost_usd": -(entry.reserved_cost_usd or Decimal()),
            "unpriced_calls": int(cost is None),
        }
        changed = {name: amount for name, amount in amounts.items() if amount} or {"calls": 0}
        facts: dict[str, Any] = {
            "entry": entry.pk, "workspace": scope.workspace_id, "model": model, "entry_in": tokens_in, "entry_out": tokens_out,
            "duration_ms": duration_ms, "entry_cost": cost, "now": clock.now(),
            "meters": [meter.pk for meter in meters.values()],
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(_SETTLE.format(update=update_of(changed)), {**facts, **changed})
            if not cursor.rowcount:
                return Settled(meters[SCOPES.RUN, EVER], [])
        added(meters.values(), changed)
        warnings = [warning for cap in caps_of(held, run_caps) for warning in cap.warnings()]
        return Settled(meters[SCOPES.RUN, EVER], warnings)


def count_cached(*, scope: BudgetScope, step_key: str, model: str) -> Settled:
    """Records an answer from the tenant's own cache: it cost nothing and is counted apart from calls."""
    with transaction.atomic(savepoint=False):
        month = month_of()
        meters = locked(scope, month).meters
        attempt = LedgerEntry.across_tenants.filter(run_id=scope.run_id, step_key=step_key).count() + 1
        LedgerEntry.objects.create(
            workspace_id=scope.workspace_id,
            project_id=scope.project_id,
            run_id=scope.run_id,
            step_key=step_key,
            attempt=attempt,
            model=model,
            reserved_tokens=0,
            tokens_in=0,
            tokens_out=0,
            cost_usd=Decimal(),
            cached=True,
            month=month,
            settled_at=clock.now(),
        )
        add(meters.values(), cached_calls=1)
        return Settled(meters[SCOPES.RUN, EVER], [])


@dataclass(frozen=True)
class TimeSlice:
    """Reserved working time: ``ms`` of it, or 0 if a cap is used up, and then ``reached`` says which."""

    ms: int
    month: str
    reached: str = ""
    warnings: tuple[CapWarning, ...] = ()


def reserve_time(*, scope: BudgetScope, run_caps: Mapping[str, Any], ms: int) -> TimeSlice:
    """Up to ``ms`` milliseconds of work, as far as every cap allows: the time is counted before it is worked."""
    with transaction.atomic(savepoint=False):
        month = month_of()
        held = locked(scope, month)
        caps, meters = caps_of(held, run_caps), held.meters
        for cap in caps:
            if cap.ms_left is not None and cap.ms_left < ms:
                ms = cap.ms_left
                if not ms:
                    return TimeSlice(
                        0, month, f"{cap.whose} allows {cap.max_seconds:,} seconds of work, and all of them are used."
                    )
        add(meters.values(), work_ms=ms)
        return TimeSlice(
            ms, month, warnings=tuple(warning for cap in caps for warning in cap.warnings() if "/max_seconds/" in warning.key)
        )


def release_time(*, scope: BudgetScope, month: str, ms: int) -> None:
    """Releases the unused part of the slice that was reserved last, in ``month``."""
    with transaction.atomic(savepoint=False):
        add(locked(scope, month).meters.values(), work_ms=-ms)
