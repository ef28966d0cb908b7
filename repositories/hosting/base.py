"""What a hosting service does for us. Each provider has a class that keeps `HostingClient`; the contract test in
``tests/repositories/hosting`` says what each method must hold.

All calls are synchronous and talk to the network: never call them inside a transaction or an event loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, overload

Level = Literal["none", "read", "triage", "write", "maintain", "admin"]
LEVELS: tuple[Level, ...] = ("none", "read", "triage", "write", "maintain", "admin")
"""What an account may do with a repository, each including those before it."""


@dataclass(frozen=True)
class RemoteRepository:
    """A repository as the service has it now: ``full_name`` may differ from what was asked for after a rename.

    ``id`` is the service's own, which stays through renames and transfers. ``permissions`` are ours: read, write, admin.
    ``etag`` names this state; "" where the service has no such thing.
    """

    full_name: str
    default_branch: str
    clone_url: str
    web_url: str
    permissions: Mapping[str, bool]
    private: bool = False
    archived: bool = False
    id: str = ""
    etag: str = ""


@dataclass(frozen=True)
class HostedPullRequest:
    number: int
    url: str
    state: Literal["open", "closed", "merged"]
    branch: str
    head_sha: str
    draft: bool = False
    refused: Sequence[str] = ()
    """Sentences on labels and reviewers that the service did not take; the pull request is there all the same."""


@dataclass(frozen=True)
class PullRequestText:
    """What a pull request says. ``labels`` and ``reviewers`` (accounts, and teams as `organisation/team`) are added to those
    that are there."""

    title: str
    body: str
    labels: Sequence[str] = ()
    reviewers: Sequence[str] = ()


@dataclass(frozen=True)
class Comment:
    id: int
    url: str


@dataclass(frozen=True)
class ReviewComment:
    """One remark about a line. ``reply_to`` is the first remark of its thread, 0 for that one itself. ``is_ours`` says whether
    we wrote it, and so must not obey it."""

    id: int
    author: str
    path: str
    line: int | None
    body: str
    reply_to: int = 0
    is_ours: bool = False


@dataclass(frozen=True)
class FailedCheck:
    """A check on a commit that is red. ``output`` is what it says of itself, at most a few thousand characters."""

    id: int
    name: str
    url: str
    output: str = ""


@dataclass(frozen=True)
class Login:
    """How git itself gets in; ``secret`` is never shown."""

    user: str
    secret: str = field(repr=False)


class HostingClient(Protocol):
    """One repository on a service. Every method raises NotFound, NotAllowed, HostBusy or HostFailed (``errors``)."""

    @overload
    def repository(self) -> RemoteRepository: ...
    @overload
    def repository(self, known: str) -> RemoteRepository | None:
        """None when nothing has changed since the state whose etag is ``known``; that answer counts against no limit where the
        service has such answers."""
        ...

    def installation(self) -> int | None:
        """The installation of this server's own app that sees the repository; None where there is none."""
        ...

    def login(self) -> Login:
        """For git over https; short-lived where the service makes such."""
        ...

    def ensure_webhook(self, url: str, secret: str) -> None:
        """Has the service tell ``url`` of what happens, signed with ``secret``: one hook, made or brought up to date."""
        ...

    def level_of(self, account: str) -> Level:
        """ "none" for what can't be the name of an account; the service is not asked then."""
        ...

    def pull_request(self, number: int) -> HostedPullRequest: ...

    def open_pull_request(self, text: PullRequestText, *, branch: str, base: str, draft: bool) -> HostedPullRequest:
        """Adopts the open one of ``branch`` where there is one, and says in it what ``text`` says. A service that has no drafts
        makes a plain one."""
        ...

    def comment(self, number: int, body: str, *, marker: str) -> Comment:
        """One comment on an issue or pull request: our own one that carries ``marker`` is edited, else it is made."""
        ...

    def react(self, comment_id: int, sign: Literal["eyes"]) -> None:
        """A sign on a comment of an issue or pull request that it was heard; twice is once."""
        ...

    def review_comments(self, number: int) -> list[ReviewComment]: ...

    def review_words(self, number: int, review_id: int) -> str:
        """What a review says beside its remarks."""
        ...

    def reply(self, number: int, comment_id: int, body: str, *, marker: str) -> Comment:
        """Answers in the thread of a review comment, once for each ``marker``."""
        ...

    def failed_checks(self, sha: str) -> list[FailedCheck]: ...
