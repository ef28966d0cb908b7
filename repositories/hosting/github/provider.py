"""GitHub, and GitHub Enterprise by the address of its API, as a hosting provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from django.conf import settings

from ..base import HostingClient
from ..comment_text import CommentText
from ..payloads import json_object, require_delivery_id
from ..provider import IncomingDelivery, Linked, PayloadPaths, RepositoryRef
from ..webhook_events import WebhookEvent
from . import addresses, comment_syntax, payload_filter, signatures, webhook_parsing
from .app_webhooks import GitHubAppWebhooks

EVENT, DELIVERY = "X-GitHub-Event", "X-GitHub-Delivery"


class GitHubProvider:
    """Keeps `HostingProvider`."""

    name = "github"
    label = "GitHub"
    headers = (EVENT, DELIVERY, signatures.HEADER)
    payload_paths = PayloadPaths(
        actor="sender__login", action="action", title="issue__title", numbers=("issue__number", "pull_request__number")
    )
    app = GitHubAppWebhooks()

    def check_settings(self) -> None:
        if settings.MGX_GITHUB_PAT and settings.MGX_ENV != "embedded":
            structlog.stdlib.get_logger(__name__).warning(
                "GITHUB_PAT is ignored: one person's token must not serve every tenant. Give each link its own credential, or "
                "set up the GitHub App (GITHUB_APP_ID)."
            )

    def client(self, linked: Linked) -> HostingClient:
        # PyGithub costs a third of a second: who only serves rows should not pay for it
        from .client import GitHubClient

        return GitHubClient(
            linked.api_base_url,
            linked.repo_full_name,
            token=linked.credential or _own_token(linked),
            installation_id=linked.installation_id,
        )

    def server(self, linked: Linked) -> str:
        return addresses.server(linked.api_base_url)

    def recognises(self, url: str) -> bool:
        return addresses.is_full_name(url)

    def reference(self, url: str, *, credential: str, api_base_url: str) -> RepositoryRef:
        return addresses.reference(self.name, url, credential, api_base_url)

    def is_signed(self, secret: str, headers: Mapping[str, str], body: bytes) -> bool:
        return signatures.is_signed(secret, headers, body)

    def delivery(self, headers: Mapping[str, str], body: bytes) -> IncomingDelivery | None:
        event = headers.get(EVENT, "")
        if event == "ping":
            return None
        delivery_id = require_delivery_id(headers.get(DELIVERY, ""), DELIVERY)
        return IncomingDelivery(delivery_id, event, json_object(body))

    def kept(self, delivery: IncomingDelivery) -> dict[str, Any] | None:
        return payload_filter.kept(delivery.event, delivery.payload)

    def comment_text(self, text: str) -> CommentText:
        return comment_syntax.read_comment(text)

    def events(self, event: str, kept: Mapping[str, Any]) -> list[WebhookEvent]:
        return webhook_parsing.parse_payload(event, kept)


def _own_token(linked: Linked) -> str:
    """GITHUB_PAT, for a link that has nothing else: where the server has one user, whose token it is, and at the service that
    it is meant for."""
    if settings.MGX_ENV != "embedded" or linked.installation_id is not None:
        return ""
    return settings.MGX_GITHUB_PAT if linked.api_base_url == settings.MGX_GITHUB_API_URL else ""


GITHUB = GitHubProvider()
