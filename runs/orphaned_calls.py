"""Reservations whose worker died are settled at their estimate: the call may have been made in full.

They count in full until then, and would for ever: nobody else knows whether the call is still being made. It is not when the
lease of its claim has ended, by the database's clock; a worker that lives and lost its lease ends its calls within seconds.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from workspaces import budgets
from workspaces.models import LedgerEntry

from .models import TaskRun
from .worker.llm_budget import usage_of

AFTER = timedelta(seconds=20)
"""Since the end of the lease."""
CLOCKS = timedelta(seconds=5)
"""Times of claims and of calls are estimates of the database's clock. A claim that is over had its lease for longer."""
MOST = 200


def settle_orphans() -> int:
    """Settles what is due and returns how many calls that were. Any number of processes may do so at once."""
    mine = TaskRun.across_tenants.filter(pk=OuterRef("run_id"))
    held = mine.filter(lease_expires_at__gt=Now() - AFTER).filter(
        Q(claimed_at__lte=OuterRef("created_at") + CLOCKS) | Q(claimed_at__gt=Now() - AFTER) | Q(claimed_at=None)
    )
    entries = LedgerEntry.across_tenants.filter(~Exists(held), settled_at=None, created_at__lt=Now() - AFTER)
    settled = 0
    for entry in entries.order_by(F("created_at"))[:MOST]:
        with transaction.atomic():
            usage = usage_of(budgets.settle_orphan(entry).run)
            TaskRun.across_tenants.filter(pk=entry.run_id).update(usage=usage)
        settled += 1
    return settled
