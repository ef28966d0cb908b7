"""The port that a hosting service implements: a package with one object that keeps `HostingProvider`, listed in ``registry``.

Only that package contains the service's names of headers, fields, states and addresses. A provider is imported with the models,
so it imports the service's client library only when a client is created.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .base import HostingClient
from .comment_text import CommentText
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
    """A parsed reference to a repository. ``credential`` is never shown; ``installation_id`` is the installation of the
    server's app that is used instead of it."""

    provider: str
    clone_url: str
    repo_full_name: str
    credential: str = field(default="", repr=False)
    api_base_url: str = ""
    installation_id: int | None = None


@dataclass(frozen=True)
class IncomingDelivery:
    """A signed delivery. ``event`` is the service's name of its type, ``payload`` the whole body."""

    id: str
    event: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class PayloadPaths:
    """Fields of a stored payload that operators' pages show: names of nested fields, joined by `__`."""

    actor: str
    action: str
    title: str
    numbers: Sequence[str]


@dataclass(frozen=True)
class RepositoryNames:
    """Repositories that a delivery is about: their ids on the service, and their names in lower case, including names before a
    rename."""

    ids: frozenset[str]
    names: frozenset[str]


@dataclass(frozen=True)
class AppScope:
    """Which links a delivery to the address of the server's app is about: those of the installation, at the service at
    ``api_base_url``. ``repositories`` None: all of them.

    ``changes_links``: the app's access has changed, and the delivery contains nothing else. ``ends_token``: its token is no
    longer valid.
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
        """The secret that signs its deliveries; "" if there is no app, and then no delivery is accepted."""
        ...

    def scope(self, delivery: IncomingDelivery) -> AppScope | None:
        """The scope of a delivery; None if it names no installation."""
        ...

    def forget_token(self, scope: AppScope) -> None:
        """Drops the cached token in this process; others drop theirs when it is refused."""
        ...


class HostingProvider(Protocol):
    """A hosting service. Its methods are pure: only its clients talk to the service, and nothing is stored."""

    @property
    def name(self) -> str:
        """Its name in links, in the paths of webhooks and in the names of their routes. It never changes: rows contain it."""
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

    def server(self, linked: Linked) -> str:
        """Which of the service's servers it is on: host, and port where it is not the scheme's; "" for the one that everybody
        means by the service's name. Accounts of two servers are two people, whatever their names."""
        ...

    # addresses

    def recognises(self, url: str) -> bool:
        """Whether ``url``, with no provider named, can only be meant for this service."""
        ...

    def reference(self, url: str, *, credential: str, api_base_url: str) -> RepositoryRef:
        """Raises BadRequest if ``url`` is not a repository of the service, NotAllowed if the settings do not allow its host."""
        ...

    # inbound

    @property
    def headers(self) -> Sequence[str]:
        """The headers of every delivery, for the description of the API."""
        ...

    @property
    def payload_paths(self) -> PayloadPaths: ...

    @property
    def app(self) -> AppWebhooks | None:
        """The server's app; None if the service has no apps, or if this server does not support them."""
        ...

    def is_signed(self, secret: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether ``secret``, which is never empty, has signed the delivery. Compares in constant time."""
        ...

    def delivery(self, headers: Mapping[str, str], body: bytes) -> IncomingDelivery | None:
        """The parsed delivery; None for the service's ping. Raises BadRequest (`bad_delivery`)."""
        ...

    def kept(self, delivery: IncomingDelivery) -> dict[str, Any] | None:
        """The part of the payload that `events` needs, which is stored; None for a delivery that is of no interest."""
        ...

    def comment_text(self, text: str) -> CommentText:
        """What a person says with ``text``, the body of a comment, a review or a remark."""
        ...

    def events(self, event: str, kept: Mapping[str, Any]) -> list[WebhookEvent]:
        """The commands and events in a stored delivery; most deliveries contain none. It accepts any payload."""
        ...
