"""Deliveries of the server's GitHub App: one address for all installations; the delivery determines the links.

Two tenants may have linked the same repository by the same installation: each gets the delivery as its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from ..models import RepositoryLink
from .services import accept

MAX_ID = 2**63 - 1
MAX_LISTED = 5_000
"""Repositories of one delivery that are told apart; of more, all links of the installation are looked at."""
ENDED = frozenset(("deleted", "suspend", "new_permissions_accepted", "unsuspend"))
"""Actions on an installation after which its token is no longer valid."""
ABOUT_LINKS = frozenset(("installation", "installation_repositories"))


@transaction.atomic
def accept_of_app(*, delivery_id: str, event: str, payload: Mapping[str, Any]) -> int:
    """Stores the delivery (`services.checked`) for each link that it is about; returns for how many it was new."""
    if event in ABOUT_LINKS:
        return _look_again(event, payload)
    links = _of(_links(payload), [_inner(payload, "repository")], _names(payload))
    return sum([accept(link, delivery_id=delivery_id, event=event, payload=payload) for link in links])


def _links(payload: Mapping[str, Any]) -> QuerySet[RepositoryLink]:
    """Those of the installation, on the service where the app is: ids are its own, another service may have the same."""
    installation = _inner(payload, "installation").get("id")
    links: QuerySet[RepositoryLink] = RepositoryLink.across_tenants.filter(
        provider=RepositoryLink.Provider.GITHUB, api_base_url=settings.MGX_GITHUB_API_URL
    ).exclude(status=RepositoryLink.Status.DISCONNECTED)
    if not isinstance(installation, int) or isinstance(installation, bool) or not 0 < installation <= MAX_ID:
        return links.none()
    return links.filter(installation_id=installation).select_related("workspace")


def _of(links: QuerySet[RepositoryLink], repositories: Sequence[Any], names: set[str]) -> QuerySet[RepositoryLink]:
    """Those of ``repositories``, by the id where it is known: a name may be another's tomorrow. Else by one of ``names``."""
    listed = [entry for entry in repositories if isinstance(entry, Mapping)]
    ids = {str(entry["id"]) for entry in listed if isinstance(entry.get("id"), int) and not isinstance(entry["id"], bool)}
    named = Q(name__in=(names | {_text(entry.get("full_name")) for entry in listed}) - {""})
    known = Q(host_id__in=ids) | Q(host_id="") & named if ids else named
    return links.annotate(name=Lower("repo_full_name")).filter(known)


def _names(payload: Mapping[str, Any]) -> set[str]:
    """What the repository was called before it was renamed or came from another owner. Names are without case."""
    repository, changes = _inner(payload, "repository"), _inner(payload, "changes")
    names: set[str] = set()
    owner, _, short = _text(repository.get("full_name")).partition("/")
    if before := _text(_inner(_inner(changes, "repository"), "name").get("from")):
        names.add(f"{owner}/{before}")
    past = _inner(_inner(changes, "owner"), "from")
    for kind in ("user", "organization"):
        if before := _text(_inner(past, kind).get("login")):
            names.add(f"{before}/{short}")
    return names


def _look_again(event: str, payload: Mapping[str, Any]) -> int:
    """The links of the installation, or those that came to it or went, are due for a look, which finds out what has become of
    them. Nothing else of the delivery is believed, so nothing needs to be remembered of it."""
    links = _links(payload)
    if event == "installation_repositories":
        listed = [payload.get("repositories_added"), payload.get("repositories_removed")]
        entries = [entry for entries in listed if isinstance(entries, list) for entry in entries]
        if len(entries) <= MAX_LISTED:
            links = _of(links, entries, set())
    elif payload.get("action") in ENDED:
        _forget(_inner(payload, "installation").get("id"))
    changed = links.filter(~Q(refresh_due_at__lte=timezone.now()) | Q(refresh_due_at=None))
    return changed.update(refresh_due_at=timezone.now())


def _forget(installation: Any) -> None:
    """Drops the cached token in this process; others drop theirs when it is refused."""
    from ..hosting.github.auth import forget

    if isinstance(installation, int):
        forget(settings.MGX_GITHUB_API_URL, installation)


def _inner(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(value: Any) -> str:
    return value.lower() if isinstance(value, str) and "\0" not in value else ""
