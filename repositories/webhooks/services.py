"""Accepting deliveries, and setting up the webhook that sends them."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from mgx_project.common.errors import BadRequest, NotAllowed
from mgx_project.common.json_values import storable
from workspaces.audit import record_audit
from workspaces.principal import Principal

from ..hosting import host_of
from ..models import RepositoryLink, WebhookDelivery
from ..signals import webhook_accepted
from .payload_filter import EVENTS, read

MAX_ID = 100


def checked(delivery_id: str, body: bytes) -> dict[str, Any]:
    """The payload of a delivery. Raises BadRequest if it is not a valid one."""
    if not delivery_id or len(delivery_id) > MAX_ID or not delivery_id.isprintable():
        raise BadRequest("The header X-GitHub-Delivery with the id of the delivery is missing or invalid.", code="bad_delivery")
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest(
            "The body is not valid JSON. Set the webhook's content type to application/json.", code="bad_delivery"
        ) from None
    if not isinstance(payload, dict):
        raise BadRequest("The body must be a JSON object.", code="bad_delivery")
    return payload


def accept(link: RepositoryLink, *, delivery_id: str, event: str, payload: Mapping[str, Any]) -> bool:
    """Stores a delivery (`checked`) and announces it; False if it is known already or of no interest."""
    if event not in EVENTS:
        return False
    with transaction.atomic():
        delivery, new = WebhookDelivery.objects.for_workspace(link.workspace_id).get_or_create(
            link=link,
            delivery_id=delivery_id,
            defaults={"workspace_id": link.workspace_id, "event": event, "payload": storable(read(event, payload))},
        )
        if new:
            webhook_accepted.send(sender=WebhookDelivery, delivery=delivery)
    return new


def address_of(link_id: uuid.UUID) -> str:
    """The address to which the hosting service sends the link's deliveries."""
    return f"{settings.MGX_BASE_URL.rstrip('/')}{reverse('github-webhook', args=[link_id])}"


def set_up(*, principal: Principal, link: RepositoryLink) -> dict[str, Any]:
    """A new secret for the link, and the hook at the service where we may make it.

    ``installed`` says whether it was made; if not, ``secret`` is shown this once, for the person who adds the hook by hand.
    Raises what the service says, NotAllowed aside. Not to be called inside a transaction.
    """
    secret = secrets.token_urlsafe(32)
    host = host_of(link)
    if host is None:
        raise BadRequest("Plain git has no webhooks. Link the repository through its hosting service.", code="no_webhooks")
    # stored first: a webhook must never be created with a secret that was lost
    with transaction.atomic():
        changed = RepositoryLink.objects.for_workspace(link.workspace_id).select_for_update().get(pk=link.pk)
        changed.webhook_secret = secret
        changed.save(update_fields=["webhook_secret", "updated_at"])
        record_audit(
            principal=principal, action="repository.webhook", object_type="repository", object_id=link.pk,
            detail={"repo_full_name": link.repo_full_name},
        )  # fmt: skip
    try:
        host.ensure_webhook(address_of(link.pk), secret)
    except NotAllowed as refused:
        return {
            "url": address_of(link.pk),
            "installed": False,
            "secret": secret,
            "reason": f"{refused.detail} {refused.hint}".strip(),
        }
    return {"url": address_of(link.pk), "installed": True, "secret": None, "reason": ""}
