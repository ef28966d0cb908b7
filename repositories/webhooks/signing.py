"""Verifies signatures of deliveries, made with the secret of a link or of the server's GitHub App.

Format: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid

from django.conf import settings

from ..models import RepositoryLink


def signed_by_link(link_id: uuid.UUID, body: bytes, signature: str) -> RepositoryLink | None:
    """The link whose own secret has signed ``body`` (`sha256=` and the hex digest), else None.

    An unknown link takes as long as a wrong signature, so that the response time does not reveal which links exist.
    """
    links = RepositoryLink.across_tenants.exclude(status=RepositoryLink.Status.DISCONNECTED).select_related("workspace")
    link: RepositoryLink | None = links.filter(pk=link_id).first()
    right = _signed(link.webhook_secret if link else "", body, signature)
    return link if right else None


def signed_by_app(body: bytes, signature: str) -> bool:
    """Whether the app's secret made the signature; always False while the app has no secret."""
    return _signed(settings.MGX_GITHUB_WEBHOOK_SECRET, body, signature)


def _signed(secret: str, body: bytes, signature: str) -> bool:
    key = secret or secrets.token_hex()
    wanted = "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace"))
