"""Processes stored deliveries: each is claimed by one worker, retried if waiting helps, and given up with a reason."""

from __future__ import annotations

import uuid
from datetime import timedelta

import structlog
from django.db import DatabaseError, InterfaceError
from django.db.models import F, Q
from django.db.models.functions import Now
from structlog.contextvars import bound_contextvars

from mgx_project.common import clock, tenant_wall
from mgx_project.common.errors import MGXError
from repositories.errors import HostFailed
from repositories.fair_shares import shares
from repositories.hosting.registry import host_of, provider_of
from repositories.models import RepositoryLink, WebhookDelivery

from ..notifications.retry_policy import CLAIM_TIMEOUT, MAX_ATTEMPTS, MAX_REFUSALS, backoff
from .handlers import handle

log = structlog.stdlib.get_logger(__name__)
OLDEST = timedelta(days=7)
"""What happened so long before its delivery came is a replay: services send again for some days at most, and we remember what
was done for thirty (`runs.retention`)."""


def waiting(limit: int) -> list[uuid.UUID]:
    """Unclaimed deliveries: the oldest of each workspace that has a free share, the oldest first."""
    due = Q(next_try_at=None, created_at__lt=Now() - timedelta(seconds=5)) | Q(next_try_at__lt=Now())
    rows = WebhookDelivery.across_tenants.filter(due, processed_at=None).exclude(workspace_id__in=shares.full())
    first = rows.order_by("workspace_id", "created_at").distinct("workspace_id").values("pk")
    found = WebhookDelivery.across_tenants.filter(pk__in=first).order_by("created_at")
    return list(found.values_list("pk", flat=True)[:limit])


def process(delivery_id: uuid.UUID) -> list[uuid.UUID]:
    """Processes a delivery, unless another worker has it, it is done, or its workspace has used up its share.

    Returns the deliveries of the workspace that can be processed next.
    """
    with tenant_wall.across_tenants():
        workspace_id = WebhookDelivery.across_tenants.filter(pk=delivery_id).values_list("workspace_id", flat=True).first()
    if workspace_id is None:
        return []
    with tenant_wall.within(workspace_id):
        with shares.of(workspace_id) as mine:
            if not mine:
                return []
            with bound_contextvars(workspace_id=workspace_id, delivery_id=delivery_id):
                _process(delivery_id)
        left = WebhookDelivery.objects.for_workspace(workspace_id).filter(_free(), processed_at=None).order_by("created_at")
        return list(left.values_list("pk", flat=True)[:1])


def _free() -> Q:
    return Q(next_try_at=None) | Q(next_try_at__lt=Now())


def _process(delivery_id: uuid.UUID) -> None:
    mine = WebhookDelivery.across_tenants.filter(_free(), pk=delivery_id, processed_at=None)
    if not mine.update(next_try_at=Now() + CLAIM_TIMEOUT, attempts=F("attempts") + 1):
        return
    delivery = WebhookDelivery.across_tenants.select_related("link").get(pk=delivery_id)
    try:
        waits = _carry_out(delivery)
    except MGXError as error:
        most = MAX_ATTEMPTS if isinstance(error, HostFailed) else MAX_REFUSALS
        _schedule_retry(delivery, f"{error.detail} {error.hint}".strip(), error.retry_after, most)
    except (DatabaseError, InterfaceError):
        raise
    except Exception:
        log.exception("a webhook delivery failed with an internal error")
        _schedule_retry(delivery, "Internal error. See the server's log for details.", None)
    else:
        done = {} if waits else {"processed_at": clock.now()}
        WebhookDelivery.across_tenants.filter(pk=delivery_id).update(error="", **done)


def _carry_out(delivery: WebhookDelivery) -> bool:
    """Returns whether it waits for a run, and is to be carried out again when that has ended."""
    link = delivery.link
    provider, host = provider_of(link.provider), host_of(link)
    if provider is None or host is None or link.status == RepositoryLink.Status.DISCONNECTED:
        return False
    waits = False
    for event in provider.events(delivery.event, delivery.payload):
        happened = event.happened_at
        if happened is not None and delivery.created_at - happened > OLDEST:
            log.warning("a webhook delivery is too old and was ignored", happened=str(happened))
            continue
        waits |= handle(link, host, event, delivery)
    return waits


def _schedule_retry(delivery: WebhookDelivery, why: str, retry_after: float | None, most: int = MAX_REFUSALS) -> None:
    fields: dict[str, object] = {"error": why}
    if delivery.attempts >= most:
        fields["processed_at"] = clock.now()
        log.warning("giving up a webhook delivery", reason=why)
    else:
        fields["next_try_at"] = clock.now() + backoff(delivery.attempts, retry_after)
    WebhookDelivery.across_tenants.filter(pk=delivery.pk).update(**fields)
