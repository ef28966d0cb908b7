"""Runs that paused for want of budget go on by themselves when a budget allows it again: a cap was raised, a month began, or
calls that held it took less. Any number of processes may look at once.
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.conf import settings

from workspaces.budgets import has_room
from workspaces.meters import BudgetScope

from ..models import TaskRun
from ..models.run_state import Status
from .self_resume import resume_unchanged

MOST = 50
"""Runs that are looked at in one go; the next go looks at those behind them."""
SAID = "There is room in the budget again: the run goes on."


class RoomReturns:
    """One place in the line of all of them for each process."""

    def __init__(self) -> None:
        self._after: uuid.UUID | None = None

    def resume(self) -> int:
        """Returns how many go on. Of a workspace one at a time: the next one must see what that has taken."""
        waiting = TaskRun.across_tenants.filter(status=Status.PAUSED, pause_reason="budget", error__needs__isnull=False)
        found = list((waiting if self._after is None else waiting.filter(pk__gt=self._after)).order_by("pk")[:MOST])
        self._after = found[-1].pk if len(found) == MOST else None
        resumed = set()
        for run in found:
            if run.workspace_id not in resumed and _has_room(run) and resume_unchanged(run, SAID):
                resumed.add(run.workspace_id)
        return len(resumed)


def _has_room(run: TaskRun) -> bool:
    needs: dict[str, Any] = (run.error or {}).get("needs") or {}
    cost = needs.get("cost_usd")
    scope = BudgetScope(run.workspace_id, run.project_id, run.pk, on_server=bool(needs.get("on_server")))
    return has_room(
        scope=scope,
        tokens=int(needs.get("tokens", 0)),
        cost_usd=Decimal(cost) if cost else (Decimal() if "calls" not in needs else None),
        run_caps=run.budget,
        default_tokens=settings.MGX_DEFAULT_RUN_TOKENS,
    )
