"""Who has signed a delivery: the secret of a link, or that of the server's own app on the service."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping

from ..hosting.provider import HostingProvider
from ..models import RepositoryLink


def signed_by_link(
    provider: HostingProvider, link_id: uuid.UUID, headers: Mapping[str, str], body: bytes
) -> RepositoryLink | None:
    """The link of ``provider`` whose own secret has signed the delivery, else None.

    A link that is unknown costs the same as a wrong signature, so nobody learns which links there are.
    """
    links = RepositoryLink.across_tenants.exclude(status=RepositoryLink.Status.DISCONNECTED).select_related("workspace")
    link: RepositoryLink | None = links.filter(pk=link_id, provider=provider.name).first()
    right = _signed(provider, link.webhook_secret if link else "", headers, body)
    return link if right else None


def signed_by_app(provider: HostingProvider, headers: Mapping[str, str], body: bytes) -> bool:
    """False for every signature while the app has no secret."""
    return _signed(provider, provider.app.secret if provider.app else "", headers, body)


def _signed(provider: HostingProvider, secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    return provider.is_signed(secret or secrets.token_hex(), headers, body)
