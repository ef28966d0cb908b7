"""The agent's Budget on the tenant's ledger, and what the run itself shows as its usage."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from django.conf import settings
from django.db import transaction

from agent.errors import Paused
from agent.ports import CallEstimate, Completion
from workspaces import budgets
from workspaces.meters import EVER, SCOPES, Place
from workspaces.models import Event, Meter

from . import events
from .models import TaskRun


class LedgerBudget:
    def __init__(self, run: TaskRun, db: Callable[..., Awaitable[Any]]) -> None:
        self._run, self._db = run, db
        self._place = place_of(run)
        self._open: dict[str, uuid.UUID] = {}

    async def reserve(self, key: str, estimate: CallEstimate) -> None:
        await self._db(self._reserve, key, estimate)

    async def settle(self, key: str, completion: Completion) -> None:
        await self._db(self._settle, key, completion)

    def _reserve(self, key: str, estimate: CallEstimate) -> None:
        try:
            entry = budgets.reserve(
                place=self._place,
                step_key=key,
                tokens=estimate.tokens,
                cost_usd=estimate.cost_usd,
                run_caps=self._run.budget,
                default_tokens=settings.MGX_DEFAULT_RUN_TOKENS,
            )
        except budgets.CapReached as reached:
            raise Paused("budget", reached.detail, hint=reached.hint) from None
        self._open[key] = entry.pk

    def _settle(self, key: str, completion: Completion) -> None:
        if completion.cached:
            budgets.count_cached(place=self._place, step_key=key, model=completion.model)
            nearing = []
        else:
            nearing = budgets.settle(
                self._open.pop(key),
                place=self._place,
                model=completion.model,
                tokens_in=completion.tokens_in,
                tokens_out=completion.tokens_out,
                cost_usd=completion.cost_usd,
                duration_ms=completion.duration_ms,
                run_caps=self._run.budget,
            )
        # after the ledger's transaction: whoever holds the run's row may wait for the meters
        TaskRun.across_tenants.filter(pk=self._run.pk, fence=self._run.fence).update(usage=run_usage(self._run))
        warn(self._run, nearing)


def place_of(run: TaskRun) -> Place:
    return Place(run.workspace_id, run.project_id, run.pk)


def warn(run: TaskRun, nearing: Iterable[budgets.Nearing]) -> None:
    """One `budget_warning` per cap and run; a cap that was raised is another one. ``run`` is as it was claimed."""
    for near in nearing:
        key = f"budget_warning/{near.key}"
        with transaction.atomic():
            if not Event.objects.of(run.workspace_id).filter(run_id=run.pk, replay_key=key).exists():
                hint = "At the limit the run pauses. Raise the budget if it should go on."
                data = {"reason": "budget", "detail": near.detail, "hint": hint}
                events.record(run, "budget_warning", data, near.detail, fence=run.fence, replay_key=key)


def run_usage(run: TaskRun) -> dict[str, object]:
    """CONTRACT's usage, from the run's meter. ``cost_usd`` is None as soon as one call's price is unknown."""
    mine = Meter.objects.of(run.workspace_id).filter(scope=SCOPES.RUN, scope_id=run.pk, period=EVER)
    meter = mine.first() or Meter()
    return {
        "tokens_in": meter.tokens_in,
        "tokens_out": meter.tokens_out,
        "calls": meter.calls,
        "cached_calls": meter.cached_calls,
        "cost_usd": None if meter.unpriced_calls else format(meter.cost_usd, "f"),
    }
