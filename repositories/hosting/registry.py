"""The hosting services that this server works with. A new one is a package beside `github/` and one line here."""

from __future__ import annotations

from .base import HostingClient
from .github.provider import GITHUB
from .provider import HostingProvider, Linked

PLAIN_GIT = "git"
"""The provider of a link that has no hosting service: git alone, with no API and no webhooks."""
PROVIDERS: dict[str, HostingProvider] = {provider.name: provider for provider in (GITHUB,)}


def provider_of(name: str) -> HostingProvider | None:
    """None for plain git."""
    return PROVIDERS.get(name)


def host_of(linked: Linked) -> HostingClient | None:
    """The service of a repository; None for plain git, which has no API."""
    provider = provider_of(linked.provider)
    return None if provider is None else provider.client(linked)


def provider_choices() -> list[tuple[str, str]]:
    """Choices of the field of a link: a function, so that a new provider needs no migration."""
    return [(PLAIN_GIT, "Git"), *((provider.name, provider.label) for provider in PROVIDERS.values())]
