"""The admin's dashboard: runs that need attention, and usage. Five queries, however many rows there are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest

from mgx_project.common import clock
from mgx_project.common.money import usd
from repositories.models import RepositoryLink
from workspaces.admin.operators import operated, sees_all
from workspaces.meters import month_of
from workspaces.models import Meter
from workspaces.server_budget import used_shares

from ..models import TaskRun
from ..models.run_state import FINAL, WAITING_FOR_PEOPLE, RunOutcome, with_outcome

DAYS = 7
SHOWN = 8


def overview(request: HttpRequest) -> dict[str, Any]:
    since = clock.now() - timedelta(days=DAYS)
    runs = _mine(request, TaskRun.across_tenants.all())
    ended = Q(completed_at__gte=since)
    failed = ended & Q(status__in=with_outcome(RunOutcome.FAILED))
    counts = runs.aggregate(
        waiting=Count("pk", filter=Q(status__in=WAITING_FOR_PEOPLE)),
        running=Count("pk", filter=~Q(status__in=FINAL | WAITING_FOR_PEOPLE)),
        failed=Count("pk", filter=failed),
        completed=Count("pk", filter=ended & Q(status__in=with_outcome(RunOutcome.SUCCEEDED))),
    )
    proved = counts["failed"] + counts["completed"]
    links = _mine(request, RepositoryLink.across_tenants.filter(status=RepositoryLink.Status.ERROR))
    month = month_of()
    meters = _mine(request, Meter.across_tenants.filter(scope=Meter.Scope.WORKSPACE, period=month))
    used = meters.aggregate(tokens=Sum("tokens_in") + Sum("tokens_out"), cost=Sum("cost_usd"), work=Sum("work_ms"))
    shares = used_shares(month) if sees_all(request) else {}
    needs = runs.filter(Q(status__in=WAITING_FOR_PEOPLE) | failed)
    return {
        "days": DAYS,
        "figures": [
            ("Running", counts["running"]),
            ("Waiting for a person", counts["waiting"]),
            (f"Failed in {DAYS} days", counts["failed"]),
            (f"Succeeded in {DAYS} days", f"{100 * counts['completed'] // proved} %" if proved else "-"),
            (f"Tokens in {month}", f"{used['tokens'] or 0:,}"),
            (f"Cost in {month}", usd(used["cost"] or 0)),
            (f"Work in {month}", f"{(used['work'] or 0) / 60_000:,.1f} min"),
            *((f"Server budget used in {month} ({unit})", f"{share:.0%}") for unit, share in shares.items()),
        ],
        "needs": list(needs.select_related("task", "workspace").order_by("-updated_at")[:SHOWN]),
        "links": list(links.select_related("workspace").order_by("-updated_at")[:SHOWN]),
    }


def _mine(request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows if sees_all(request) else rows.filter(workspace_id__in=operated(request))
