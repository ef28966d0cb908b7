"""Accepting deliveries, and setting up the hook that sends them."""

from __future__ import annotations

import hashlib
import hmac
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

from ..hosting import host_of
from ..models import RepositoryLink, WebhookDelivery
from ..signals import webhook_accepted
from .reading import EVENTS, read

MAX_ID = 100


def authentic(link_id: uuid.UUID, body: bytes, signature: str) -> RepositoryLink | None:
    """The link whose secret has signed ``body`` (`sha256=` and the hex digest), else None.

    A link that is unknown costs the same as a wrong signature, so nobody learns which links there are.
    Format: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    links = RepositoryLink.across_tenants.exclude(status=RepositoryLink.Status.DISCONNECTED).select_related("workspace")
    link: RepositoryLink | None = links.filter(pk=link_id).first()
    known = [link.webhook_secret] if link else []
    if link and link.installation_id and settings.MGX_GITHUB_WEBHOOK_SECRET:
        known.append(settings.MGX_GITHUB_WEBHOOK_SECRET)
    right = [_signed(secret, body, signature) for secret in known or ["x"] if secret]
    return link if link is not None and any(right) else None


def _signed(secret: str, body: bytes, signature: str) -> bool:
    wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace"))


def accept(link: RepositoryLink, *, delivery_id: str, event: str, payload: Any) -> bool:
    """Stores a delivery and announces it; False for one that is there already or that means nothing to us.

    Raises BadRequest for what is no delivery.
    """
    if not delivery_id or len(delivery_id) > MAX_ID or not delivery_id.isprintable():
        raise BadRequest("X-GitHub-Delivery must name the delivery.", code="bad_delivery")
    if not isinstance(payload, dict):
        raise BadRequest("The body must be a JSON object.", code="bad_delivery")
    if event not in EVENTS:
        return False
    with transaction.atomic():
        delivery, new = WebhookDelivery.objects.of(link.workspace_id).get_or_create(
            link=link,
            delivery_id=delivery_id,
            defaults={"workspace_id": link.workspace_id, "event": event, "payload": storable(read(event, payload))},
        )
        if new:
            webhook_accepted.send(sender=WebhookDelivery, delivery=delivery)
    return new


def address_of(link: RepositoryLink) -> str:
    return f"{settings.MGX_BASE_URL.rstrip('/')}{reverse('github-webhook', args=[link.pk])}"


def set_up(*, principal: Principal, link: RepositoryLink) -> dict[str, Any]:
    """A new secret for the link, and the hook at the service where we may make it.

    ``installed`` says whether it was made; if not, ``secret`` is shown this once, for the person who adds the hook by hand.
    Raises what the service says, NotAllowed aside. Not to be called inside a transaction.
    """
    secret = secrets.token_urlsafe(32)
    host = host_of(link)
    if host is None:
        raise BadRequest("Plain git has no webhooks; link the repository over its hosting service.", code="no_webhooks")
    # stored first: a hook that is made must never be signed with a secret that we lost
    with transaction.atomic():
        changed = RepositoryLink.objects.of(link.workspace_id).select_for_update().get(pk=link.pk)
        changed.webhook_secret = secret
        changed.save(update_fields=["webhook_secret", "updated_at"])
        record_audit(
            principal=principal, action="repository.webhook", object_type="repository", object_id=link.pk,
            detail={"repo_full_name": link.repo_full_name},
        )  # fmt: skip
    try:
        host.ensure_webhook(address_of(link), secret)
    except NotAllowed as refused:
        return {
            "url": address_of(link),
            "installed": False,
            "secret": secret,
            "reason": f"{refused.detail} {refused.hint}".strip(),
        }
    return {"url": address_of(link), "installed": True, "secret": None, "reason": ""}
