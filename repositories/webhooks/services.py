"""Accepting deliveries, and setting up the webhook that sends them."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from mgx_project.common.errors import BadRequest, NotAllowed
from mgx_project.common.json_values import storable
from workspaces.audit import record_audit
from workspaces.principal import Principal

from ..hosting.provider import HostingProvider, IncomingDelivery
from ..hosting.registry import host_of, provider_of
from ..models import RepositoryLink, WebhookDelivery
from ..signals import webhook_accepted


def accept(provider: HostingProvider, link: RepositoryLink, delivery: IncomingDelivery) -> bool:
    """Stores a delivery and announces it; False if it is known already or of no interest."""
    kept = provider.kept(delivery)
    if kept is None:
        return False
    with transaction.atomic():
        row, new = WebhookDelivery.objects.for_workspace(link.workspace_id).get_or_create(
            link=link,
            delivery_id=delivery.id,
            defaults={"workspace_id": link.workspace_id, "event": delivery.event, "payload": storable(kept)},
        )
        if new:
            webhook_accepted.send(sender=WebhookDelivery, delivery=row)
    return new


def address_of(provider: str, link_id: uuid.UUID) -> str:
    """The address to which the hosting service sends the link's deliveries; "" for plain git, which sends none."""
    if provider_of(provider) is None:
        return ""
    return f"{settings.MGX_BASE_URL.rstrip('/')}{reverse(f'{provider}-webhook', args=[link_id])}"


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
        host.ensure_webhook(address_of(link.provider, link.pk), secret)
    except NotAllowed as refused:
        return {
            "url": address_of(link.provider, link.pk),
            "installed": False,
            "secret": secret,
            "reason": f"{refused.detail} {refused.hint}".strip(),
        }
    return {"url": address_of(link.provider, link.pk), "installed": True, "secret": None, "reason": ""}
