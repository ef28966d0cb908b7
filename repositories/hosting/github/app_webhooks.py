"""Deliveries of the server's GitHub App: the installation and the repositories that they concern.

Format: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from ..payloads import entries, integer, part, text
from ..provider import AppScope, IncomingDelivery, RepositoryNames

MAX_ID = 2**63 - 1
MAX_LISTED = 5_000
"""Repositories of one delivery that are told apart; of more, all links of the installation are looked at."""
ENDED = frozenset(("deleted", "suspend", "new_permissions_accepted", "unsuspend"))
"""Actions on an installation after which its token is no longer valid."""


class GitHubAppWebhooks:
    """Keeps `AppWebhooks`. The app is on the service at `GITHUB_API_URL`: ids of installations are its own, another service may
    have the same."""

    @property
    def secret(self) -> str:
        return settings.MGX_GITHUB_WEBHOOK_SECRET

    def scope(self, delivery: IncomingDelivery) -> AppScope | None:
        payload = delivery.payload
        installation = integer(part(payload, "installation"), "id")
        if installation is None or not 0 < installation <= MAX_ID:
            return None
        api, ends = settings.MGX_GITHUB_API_URL, text(payload, "action") in ENDED
        match delivery.event:
            case "installation":
                return AppScope(api, installation, changes_links=True, ends_token=ends)
            case "installation_repositories":
                listed = [*entries(payload, "repositories_added"), *entries(payload, "repositories_removed")]
                names = _named(listed) if len(listed) <= MAX_LISTED else None
                return AppScope(api, installation, names, changes_links=True)
        repository = part(payload, "repository")
        return AppScope(api, installation, _named([repository], _names_before(payload)))

    def forget_token(self, scope: AppScope) -> None:
        from .auth import forget

        forget(scope.api_base_url, scope.installation_id)


def _named(repositories: Sequence[Mapping[str, Any]], names: frozenset[str] = frozenset()) -> RepositoryNames:
    ids = {integer(entry, "id") for entry in repositories} - {None}
    found = {_lower(entry, "full_name") for entry in repositories}
    return RepositoryNames(frozenset(str(number) for number in ids), (names | found) - {""})


def _names_before(payload: Mapping[str, Any]) -> frozenset[str]:
    """What the repository was called before it was renamed or came from another owner."""
    changes = part(payload, "changes")
    names: set[str] = set()
    owner, _, short = _lower(part(payload, "repository"), "full_name").partition("/")
    if before := _lower(part(part(changes, "repository"), "name"), "from"):
        names.add(f"{owner}/{before}")
    past = part(part(changes, "owner"), "from")
    for kind in ("user", "organization"):
        if before := _lower(part(past, kind), "login"):
            names.add(f"{before}/{short}")
    return frozenset(names)


def _lower(data: Mapping[str, Any], name: str) -> str:
    """Names are without case."""
    found = text(data, name)
    return "" if "\0" in found else found.lower()
