"""The agent's Budget on the tenant's ledger, and what the run itself shows as its usage."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable

from django.db.models import Sum
from django.db.models.functions import Coalesce

from agent.errors import Paused
from agent.ports import CallEstimate, Completion
from workspaces import budgets
from workspaces.models import LedgerEntry

from .models import TaskRun


class LedgerBudget:
    def __init__(self, run: TaskRun, db: Callable[..., Awaitable[object]]) -> None:
        self._run, self._db = run, db
        self._open: dict[str, uuid.UUID] = {}

    async def reserve(self, key: str, estimate: CallEstimate) -> None:
        await self._db(self._reserve, key, estimate)

    async def settle(self, key: str, completion: Completion) -> None:
        await self._db(self._settle, key, completion)

    def _reserve(self, key: str, estimate: CallEstimate) -> None:
        run = self._run
        try:
            entry = budgets.reserve(
                workspace_id=run.workspace_id,
                project_id=run.project_id,
                run_id=run.pk,
                step_key=key,
                tokens=estimate.tokens,
                run_caps=run.budget,
            )
        except budgets.CapReached as reached:
            raise Paused("budget", str(reached), hint="Raise the budget and resume the run.") from None
        self._open[key] = entry.pk

    def _settle(self, key: str, completion: Completion) -> None:
        budgets.settle(
            self._open.pop(key),
            model=completion.model,
            tokens_in=completion.tokens_in,
            tokens_out=completion.tokens_out,
            cost_usd=completion.cost_usd,
        )
        usage = run_usage(self._run)
        TaskRun.across_tenants.filter(pk=self._run.pk).update(usage=usage)


def run_usage(run: TaskRun) -> dict[str, object]:
    """CONTRACT's usage from the ledger. ``cost_usd`` is None as soon as one call's price is unknown."""
    entries = LedgerEntry.objects.of(run.workspace_id).filter(run_id=run.pk)
    totals = budgets.used(entries)
    sums = entries.aggregate(tokens_in=Coalesce(Sum("tokens_in"), 0), tokens_out=Coalesce(Sum("tokens_out"), 0))
    cost = None if totals["unpriced"] else format(totals["cost"], "f")
    return {**sums, "calls": totals["calls"], "cost_usd": cost}
