"""Hosting services behind one port: who implements it is chosen by a link's provider."""

from __future__ import annotations

from typing import Protocol

from .port import Host

__all__ = ["Host", "Linked", "host_of"]


class Linked(Protocol):
    """What names a repository on a service: a link, or what a person typed."""

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


def host_of(linked: Linked) -> Host | None:
    """The service of a repository; None for plain git, which has no API."""
    if linked.provider != "github":
        return None
    # PyGithub costs a third of a second: who only serves rows should not pay for it
    from .github import GitHubHost

    return GitHubHost(
        linked.api_base_url, linked.repo_full_name, token=linked.credential, installation_id=linked.installation_id
    )
