"""Processes a stored delivery again, on request."""

from __future__ import annotations

import uuid

from django.db import transaction

from mgx_project.common.errors import Conflict, NotFound
from workspaces.audit import record_audit
from workspaces.principal import Principal

from ..models import RepositoryLink, WebhookDelivery
from ..signals import webhook_accepted


@transaction.atomic
def try_again(*, principal: Principal, delivery_id: uuid.UUID) -> WebhookDelivery:
    """Resets the attempts. Effects that it already had are not repeated. Raises NotFound, Conflict."""
    rows = WebhookDelivery.objects.for_workspace(principal.workspace_id).select_related("link").select_for_update(of=("self",))
    delivery: WebhookDelivery | None = rows.filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound("This delivery does not exist.")
    if delivery.processed_at is not None and not delivery.error:
        raise Conflict("This delivery was already processed.", code="delivery_done")
    if delivery.link.status == RepositoryLink.Status.DISCONNECTED:
        raise Conflict("The repository of this delivery is not linked. Link it again first.", code="disconnected")
    delivery.processed_at = delivery.next_try_at = None
    delivery.attempts, delivery.error = 0, ""
    delivery.save(update_fields=["processed_at", "next_try_at", "attempts", "error"])
    record_audit(
        principal=principal, action="repository.delivery_again", object_type="repository", object_id=delivery.link_id,
        detail={"delivery_id": delivery.delivery_id, "event": delivery.event},
    )  # fmt: skip
    webhook_accepted.send(sender=WebhookDelivery, delivery=delivery)
    return delivery
