"""What goes when it is old, by a policy in one table: `POLICY`. Every ten minutes one process does what is due, in batches.

Webhooks and comments are kept for a month: services redeliver for some days at most, and deliveries older than a week are not
processed (`runs.webhooks.processing`). Which reviews were dismissed stays known, as their remarks stay on the service. The
record of runs, what they cost among it, is kept for MGX_KEEP_DAYS; running totals, plans, results and branches stay. A run
that has not ended keeps all of its own, however old.

It has some seconds each time, since other work comes round in the same thread (`runs.scheduler`); the rest follows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from repositories.hosting.webhook_events import DISMISSED
from repositories.models import WebhookDelivery
from workspaces import idempotency
from workspaces.models import (
    ApiToken,
    Event,
    IdempotencyRecord,
    Invitation,
    LedgerEntry,
    RelayCursor,
    SignIn,
    SignInCount,
    WsTicket,
)

from .models import Artifact, OutgoingComment, ProcessedWebhook, RunStep, TaskRun
from .models.run_state import FINAL
from .worker.lease import keeper

log = structlog.stdlib.get_logger(__name__)
MONTH = timedelta(days=30)
QUARTER = timedelta(days=90)
"""How long people see that a token or an invitation has ended."""
BATCH = 500
SECONDS = 10.0
"""For all rules together. A batch that has begun is done, but a worker that is stopped does not wait for it: what is left half
done is taken back by the database, or found by `runs.orphaned_files`."""


@dataclass(frozen=True)
class Rule:
    """``old`` has the rows that may go, those that go first at the beginning; it is asked anew for each batch."""

    name: str
    old: Callable[[], QuerySet[Any] | None]


def _webhooks() -> QuerySet[Any]:
    """After their comments: while the comment is kept, the same cause has no effect again."""
    kept = OutgoingComment.across_tenants.filter(link_id=OuterRef("link_id"), key=OuterRef("key"))
    return _before(ProcessedWebhook.across_tenants.filter(~Exists(kept)).exclude(key__endswith=DISMISSED), MONTH)


def _comments() -> QuerySet[Any]:
    return _before(OutgoingComment.across_tenants.filter(Q(sent_at=None) | Q(sent_at__lt=Now() - MONTH), due_at=None), MONTH)


def _tokens() -> QuerySet[Any]:
    ended = Now() - QUARTER
    return ApiToken.across_tenants.filter(Q(expires_at__lt=ended) | Q(revoked_at__lt=ended)).order_by("pk")


def _invitations() -> QuerySet[Any]:
    return Invitation.across_tenants.filter(expires_at__lt=Now() - QUARTER).order_by("pk")


def _of_ended_runs(rows: QuerySet[Any]) -> QuerySet[Any] | None:
    """Older than MGX_KEEP_DAYS, of runs that ended before that, or that are gone. None: for ever."""
    if not settings.MGX_KEEP_DAYS:
        return None
    kept = timedelta(days=settings.MGX_KEEP_DAYS)
    run = TaskRun.across_tenants.filter(pk=OuterRef("run_id"))
    needed = run.filter(~Q(status__in=FINAL) | Q(completed_at__gte=Now() - kept))
    return rows.filter(~Exists(needed), created_at__lt=Now() - kept)  # unordered: by the small index on ages


def _published() -> QuerySet[Any]:
    """Where events go to a bus, those that are on it."""
    events = Event.across_tenants.all()
    if not settings.KAFKA_BOOTSTRAP_SERVERS:
        return events
    cursors = RelayCursor.across_tenants.filter(workspace_id=OuterRef("workspace_id"), topic=settings.KAFKA_TOPIC)
    return events.filter(Exists(cursors.filter(position__gte=OuterRef("position"))))


def _before(rows: QuerySet[Any], age: timedelta) -> QuerySet[Any]:
    return rows.filter(created_at__lt=Now() - age).order_by("created_at")


POLICY = (
    Rule("deliveries", lambda: _before(WebhookDelivery.across_tenants.filter(processed_at__isnull=False), MONTH)),
    Rule("comments", _comments),
    Rule("webhooks", _webhooks),
    Rule("idempotency records", lambda: _before(IdempotencyRecord.across_tenants.all(), idempotency.KEPT)),
    Rule("sessions", lambda: Session.objects.filter(expire_date__lt=Now()).order_by("expire_date")),
    Rule("sign-ins", lambda: SignIn.objects.filter(expires_at__lt=Now()).order_by("expires_at")),
    Rule("sign-in counts", lambda: SignInCount.objects.filter(since__lt=Now() - MONTH).order_by("since")),
    Rule("tickets", lambda: WsTicket.across_tenants.filter(expires_at__lt=Now()).order_by("expires_at")),
    Rule("tokens", _tokens),
    Rule("invitations", _invitations),
    Rule("steps", lambda: _of_ended_runs(RunStep.across_tenants.all())),
    Rule("trees", lambda: _of_ended_runs(Artifact.across_tenants.filter(kind=Artifact.Kind.TREE))),
    Rule("events", lambda: _of_ended_runs(_published())),
    Rule("ledger entries", lambda: _of_ended_runs(LedgerEntry.across_tenants.filter(settled_at__isnull=False))),
)


def prune(seconds: float = SECONDS) -> dict[str, int]:
    """Deletes what the policy lets go, and returns how many rows of each. Two processes may do so at once. Each rule in turn
    deletes a batch: much of one kind does not keep the others back."""
    ends, gone, left = time.monotonic() + seconds, dict[str, int](), list(POLICY)
    while left and time.monotonic() < ends and not keeper.stopping:
        rule = left.pop(0)
        deleted, more = _batch(rule)
        if deleted:
            gone[rule.name] = gone.get(rule.name, 0) + deleted
        if more:
            left.append(rule)
    return gone


def _batch(rule: Rule) -> tuple[int, bool]:
    """How many rows were deleted, and whether there may be more."""
    rows = rule.old()
    if rows is None:
        return 0, False
    batch = list(rows.values_list("pk", flat=True)[:BATCH])
    deleted = rows.model._base_manager.filter(pk__in=batch).delete()[1].get(rows.model._meta.label, 0)
    return deleted, len(batch) == BATCH
