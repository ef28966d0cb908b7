"""Deliveries of the server's own app on a service: one address for all its installations; the delivery determines the links.

Two tenants may have linked the same repository by the same installation: each gets the delivery as its own.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower, Now

from mgx_project.common import tenant_wall

from ..hosting.provider import AppScope, AppWebhooks, HostingProvider, IncomingDelivery, RepositoryNames
from ..models import RepositoryLink
from .services import accept


@tenant_wall.across_tenants()
@transaction.atomic
def accept_of_app(provider: HostingProvider, app: AppWebhooks, delivery: IncomingDelivery) -> int:
    """Stores the delivery for each link that it is about; returns for how many it was new."""
    scope = app.scope(delivery)
    if scope is None:
        return 0
    links = _links(provider, scope)
    if scope.changes_links:
        if scope.ends_token:
            app.forget_token(scope)
        return _make_due(links)
    return sum([accept(provider, link, delivery) for link in links.select_related("workspace")])


def _links(provider: HostingProvider, scope: AppScope) -> QuerySet[RepositoryLink]:
    """Those of the installation, on the service where the app is."""
    links: QuerySet[RepositoryLink] = RepositoryLink.across_tenants.filter(
        provider=provider.name, api_base_url=scope.api_base_url, installation_id=scope.installation_id
    ).exclude(status=RepositoryLink.Status.DISCONNECTED)
    return links if scope.repositories is None else _of(links, scope.repositories)


def _of(links: QuerySet[RepositoryLink], repositories: RepositoryNames) -> QuerySet[RepositoryLink]:
    """Those of ``repositories``, by the id where it is known: a name may be another's tomorrow. Else by a name."""
    named = Q(name__in=repositories.names)
    known = Q(host_id__in=repositories.ids) | Q(host_id="") & named if repositories.ids else named
    return links.annotate(name=Lower("repo_full_name")).filter(known)


def _make_due(links: QuerySet[RepositoryLink]) -> int:
    """Makes their validation due, which finds out their present state. Nothing else in the delivery is trusted, so nothing of
    it is stored."""
    changed = links.filter(~Q(refresh_due_at__lte=Now()) | Q(refresh_due_at=None))
    return changed.update(refresh_due_at=Now())
