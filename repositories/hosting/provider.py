"""What a hosting service is to this server: a package with one object that keeps `HostingProvider`, listed in ``registry``.

Nothing outside of that package knows how the service names its headers, fields, states and addresses. A provider is imported
with the models, so it imports the service's client library only when a client is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .base import HostingClient
from .webhook_events import WebhookEvent


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


@dataclass(frozen=True)
class RepositoryRef:
    """A repository as a person named it. ``credential`` is never shown; ``installation_id`` names the installation of the
    server's app that acts instead of it."""

    provider: str
    clone_url: str
    repo_full_name: str
    credential: str = field(default="", repr=False)
    api_base_url: str = ""
    installation_id: int | None = None


@dataclass(frozen=True)
class IncomingDelivery:
    """A signed delivery. ``event`` is the service's own name of its kind, ``payload`` all that it sent."""

    id: str
    event: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class PayloadPaths:
    """Where operators' pages find a few words in a stored payload: names of nested fields, joined by `__`."""

    actor: str
    action: str
    title: str
    numbers: Sequence[str]


@dataclass(frozen=True)
class RepositoryNames:
    """Repositories that a delivery is about: by the service's own ids, and by their names in lower case, those of before a
    rename too."""

    ids: frozenset[str]
    names: frozenset[str]


@dataclass(frozen=True)
class AppScope:
    """Which links a delivery to the address of the server's app is about: those of the installation, at the service at
    ``api_base_url``. ``repositories`` None: all of them.

    ``changes_links``: what the app may see has changed, and nothing else is told. ``ends_token``: its token is another now.
    """

    api_base_url: str
    installation_id: int
    repositories: RepositoryNames | None = None
    changes_links: bool = False
    ends_token: bool = False


class AppWebhooks(Protocol):
    """An app of this server on the service: one address for the deliveries of all its installations."""

    @property
    def secret(self) -> str:
        """What signs its deliveries; "" while there is no app, and then nothing is taken."""
        ...

    def scope(self, delivery: IncomingDelivery) -> AppScope | None:
        """None for a delivery that names no installation."""
        ...

    def forget_token(self, scope: AppScope) -> None:
        """In this process; another one meets a refusal, and forgets it then."""
        ...


class HostingProvider(Protocol):
    """A hosting service. Every method but those of its clients is pure: it asks nobody and stores nothing."""

    @property
    def name(self) -> str:
        """In links, in the paths of webhooks and in the names of their routes. It never changes: rows hold it."""
        ...

    @property
    def label(self) -> str:
        """Its name for people."""
        ...

    def check_settings(self) -> None:
        """Warns, at the start of a process, of settings that have no effect."""
        ...

    # outgoing

    def client(self, linked: Linked) -> HostingClient: ...

    # addresses

    def recognises(self, url: str) -> bool:
        """Whether ``url``, with no provider named, can only be meant for this service."""
        ...

    def reference(self, url: str, *, credential: str, api_base_url: str) -> RepositoryRef:
        """Raises BadRequest for what names no repository of the service, NotAllowed where the settings leave it out."""
        ...

    # inbound

    @property
    def headers(self) -> Sequence[str]:
        """Those that every delivery has, for the description of the API."""
        ...

    @property
    def payload_paths(self) -> PayloadPaths: ...

    @property
    def app(self) -> AppWebhooks | None:
        """None for a service that has no apps, or whose apps this server does not support."""
        ...

    def is_signed(self, secret: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether ``secret``, which is never empty, has signed the delivery. Compares in constant time."""
        ...

    def delivery(self, headers: Mapping[str, str], body: bytes) -> IncomingDelivery | None:
        """What was delivered; None for the trial that a service makes of a new hook. Raises BadRequest (`bad_delivery`)."""
        ...

    def kept(self, delivery: IncomingDelivery) -> dict[str, Any] | None:
        """The part of the payload that `events` needs, which is stored; None for a delivery that means nothing to us."""
        ...

    def events(self, event: str, kept: Mapping[str, Any]) -> list[WebhookEvent]:
        """What a stored delivery means; nothing for most of them, and whatever stands in it."""
        ...
