"""Verifies signatures of deliveries, made with the secret of a link or of the server's own app on the service."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping

from mgx_project.common import tenant_wall

from ..hosting.provider import HostingProvider
from ..models import RepositoryLink


@tenant_wall.across_tenants()
def signed_by_link(
    provider: HostingProvider, link_id: uuid.UUID, headers: Mapping[str, str], body: bytes
) -> RepositoryLink | None:
    """The link of ``provider`` whose own secret has signed the delivery, else None.

    An unknown link takes as long as a wrong signature, so that the response time does not reveal which links exist.
    """
    links = RepositoryLink.across_tenants.exclude(status=RepositoryLink.Status.DISCONNECTED).select_related("workspace")
    link: RepositoryLink | None = links.filter(pk=link_id, provider=provider.name).first()
    right = _signed(provider, link.webhook_secret if link else "", headers, body)
    return link if right else None


def signed_by_app(provider: HostingProvider, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the app's secret made the signature; always False while the app has no secret."""
    return _signed(provider, provider.app.secret if provider.app else "", headers, body)


def _signed(provider: HostingProvider, secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    return provider.is_signed(secret or secrets.token_hex(), headers, body)
