"""What a test does on a hosting service by hand, and how that service tells of what happens there.

The people are octocat, who owns every repository, dev and stranger.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, ClassVar

from django.test import Client, override_settings

from repositories.hosting.base import HostingClient, Level
from repositories.hosting.provider import HostingProvider
from repositories.hosting.registry import PROVIDERS

NUMBERS = count(1)
SECRET = "the secret of a hook"


@dataclass(frozen=True)
class Proposal:
    """A pull request as the service shows it to others."""

    title: str
    body: str
    labels: Sequence[str]
    reviewers: Sequence[str]


@dataclass(frozen=True)
class Delivered:
    """What a delivery says in the service's own words: its kind, and its payload without what every delivery has."""

    kind: str
    payload: Mapping[str, Any]
    by: str = "octocat"


class Forge(ABC):
    """``max_text`` is the length of what the service takes in one comment; ``quote`` makes a line a quotation there."""

    provider: HostingProvider
    max_text: ClassVar[int]
    urls: ClassVar[str] = "mgx_project.urls"
    """The module with the server's paths for it."""

    @property
    @abstractmethod
    def api_url(self) -> str: ...
    @abstractmethod
    def key(self, account: str) -> str:
        """What the account's clients authenticate with."""

    @abstractmethod
    def client(self, repo: str, key: str, *, api_url: str = "") -> HostingClient: ...

    # what people do there

    @abstractmethod
    def make(self, repo: str, access: Mapping[str, Level]) -> None:
        """A private repository with one commit, which those of ``access`` see beside octocat."""

    def repository(self, **access: Level) -> str:
        repo = f"octocat/forged-{next(NUMBERS)}"
        self.make(repo, {"dev": "write", **access})
        return repo

    @abstractmethod
    def clone_url(self, repo: str) -> str: ...
    @abstractmethod
    def set_level(self, repo: str, account: str, level: Level) -> None: ...
    @abstractmethod
    def archive(self, repo: str) -> None: ...
    @abstractmethod
    def push(self, repo: str, branch: str) -> str:
        """Somebody's commit on the branch; returns its id."""

    @abstractmethod
    def issue(self, repo: str, title: str) -> int: ...
    @abstractmethod
    def say(self, repo: str, number: int, words: str, *, by: str = "octocat") -> int:
        """A comment; returns its id."""

    @abstractmethod
    def comments(self, repo: str, number: int) -> list[str]:
        """As people see them, without hidden marks."""

    @abstractmethod
    def reacted(self, repo: str, comment: int) -> set[str]:
        """The accounts that gave the comment a sign."""

    @abstractmethod
    def proposal(self, repo: str, number: int) -> Proposal: ...
    @abstractmethod
    def merge(self, repo: str, number: int) -> None: ...
    @abstractmethod
    def close(self, repo: str, number: int) -> None: ...
    @abstractmethod
    def remark(self, repo: str, number: int, sha: str, path: str, line: int, words: str) -> int:
        """A remark of dev's on a line of a pull request; returns its id."""

    @abstractmethod
    def review(self, repo: str, number: int, sha: str, words: str) -> int: ...
    @abstractmethod
    def check(self, repo: str, sha: str, name: str, *, red: bool, output: str) -> None: ...
    @abstractmethod
    def hooks(self, repo: str) -> list[str]:
        """The addresses that the repository's hooks deliver to."""

    @abstractmethod
    def happen(self, repo: str) -> None:
        """Something that the service tells the repository's hooks of by itself."""

    # how it fails

    @abstractmethod
    def refuse(self, status: int, *, wait: int = 0) -> None:
        """The next request is answered so; with ``wait`` as the service asks for patience, in seconds."""

    @abstractmethod
    def unasked(self) -> int:
        """How many of those answers nobody has got yet."""

    @abstractmethod
    def asked(self) -> int:
        """How many requests there were."""

    # how it tells of things: numbers and ids are made up by the test, ``at`` is when it happened

    @abstractmethod
    def labelled(
        self, number: int, *, at: datetime | None = None, title: str = "It crashes", label: str = "mgx"
    ) -> Delivered: ...
    @abstractmethod
    def commented(
        self, number: int, comment: int, words: str, *, at: datetime | None = None, ours: bool = False, change: bool = False
    ) -> Delivered:
        """``ours``: with the mark of our own comments; ``change``: an old comment was edited."""

    @abstractmethod
    def quoted(self, words: str) -> str: ...
    @abstractmethod
    def reviewed(self, number: int, review: int, words: str, *, at: datetime | None = None) -> Delivered: ...
    @abstractmethod
    def remarked(self, number: int, remark: int, *, review: int | None, ours: bool = False) -> Delivered: ...
    @abstractmethod
    def checked(self, sha: str, branch: str, *, red: bool) -> Delivered: ...
    @abstractmethod
    def closed(self, number: int) -> Delivered: ...
    @abstractmethod
    def pushed(self, branch: str, sha: str) -> Delivered: ...
    @abstractmethod
    def renamed(self) -> Delivered: ...
    @abstractmethod
    def uninteresting(self) -> Delivered: ...
    @abstractmethod
    def trial(self) -> Delivered:
        """What the service sends once to a new hook."""

    @abstractmethod
    def sent(self, told: Delivered, *, repo: str, delivery: str, secret: str) -> tuple[dict[str, str], bytes]:
        """Headers and body, signed as the service signs."""

    # delivered to this server

    def deliver(
        self, link_id: object, told: Delivered, *, repo: str = "octocat/shop", delivery: str = "d-1", secret: str = SECRET
    ) -> Any:
        return self.post(link_id, *self.sent(told, repo=repo, delivery=delivery, secret=secret))

    def post(self, link_id: object, headers: Mapping[str, str], body: bytes) -> Any:
        path = f"/api/webhooks/{self.provider.name}/{link_id}"
        return Client().post(path, body, content_type="application/json", headers=headers)


@contextmanager
def installed(forge: Forge) -> Iterator[Forge]:
    """With the provider's line in the registry, and its paths, where they are not there by themselves."""
    name, is_new = forge.provider.name, forge.provider.name not in PROVIDERS
    PROVIDERS.setdefault(name, forge.provider)
    try:
        with override_settings(ROOT_URLCONF=forge.urls):
            yield forge
    finally:
        if is_new:
            del PROVIDERS[name]
