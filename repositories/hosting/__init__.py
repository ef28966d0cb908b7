"""Hosting services behind one port. A link's provider selects the implementation."""

from __future__ import annotations

from typing import Protocol

from django.conf import settings

from .base import HostingClient

__all__ = ["HostingClient", "Linked", "host_of"]


class Linked(Protocol):
    """Anything that identifies a repository on a service: a link, or a parsed reference."""

    @property
    def provider(self) -> str: ...
    @property
    def api_base_url(self) -> str: ...
    @property
    def repo_full_name(self) -> str: ...
    @property
    def credential(self) -> str: ...
    @property
    def installation_id(self) -> int | None: ...


def host_of(linked: Linked) -> HostingClient | None:
    """The service of a repository; None for plain git, which has no API."""
    if linked.provider != "github":
        return None
    # PyGithub costs a third of a second: who only serves rows should not pay for it
    from .github.client import GitHubHost

    return GitHubHost(
        linked.api_base_url,
        linked.repo_full_name,
        token=linked.credential or _own_token(linked),
        installation_id=linked.installation_id,
    )


def _own_token(linked: Linked) -> str:
    """GITHUB_PAT, for a link that has nothing else: where the server has one user, whose token it is, and at the service that
    it is meant for."""
    if settings.MGX_ENV != "embedded" or linked.installation_id is not None:
        return ""
    return settings.MGX_GITHUB_PAT if linked.api_base_url == settings.MGX_GITHUB_API_URL else ""
