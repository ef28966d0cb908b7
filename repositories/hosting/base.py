"""The outgoing port to hosting services. Each provider has a class that keeps `HostingClient`; the contract test in
``tests/repositories/hosting`` checks every method.

All calls are synchronous and talk to the network: never call them inside a transaction or an event loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, overload

Verdict = Literal["changes", "approved", "none"]
"""What a review as a whole says: it asks for changes, approves, or neither."""
Level = Literal["none", "read", "triage", "write", "maintain", "admin"]
LEVELS: tuple[Level, ...] = ("none", "read", "triage", "write", "maintain", "admin")
"""Permissions of an account on a repository, each including those before it."""


@dataclass(frozen=True)
class RemoteRepository:
    """A repository as the service describes it: after a rename, ``full_name`` differs from the requested name.

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
    closed_at: datetime | None = None
    """When it was closed or merged; None while it is open, and where the service does not say."""
    refused: Sequence[str] = ()
    """Messages about labels and reviewers that the service refused; the pull request exists nevertheless."""


@dataclass(frozen=True)
class PullRequestText:
    """The content of a pull request. ``labels`` and ``reviewers`` (accounts, and teams as `organisation/team`) are added to the
    present ones."""

    title: str
    body: str
    labels: Sequence[str] = ()
    reviewers: Sequence[str] = ()


@dataclass(frozen=True)
class Comment:
    """A comment that we wrote. Ids of comments in one thread grow in the order in which they were written."""

    id: int
    url: str


@dataclass(frozen=True)
class ReviewComment:
    """One remark about a line. ``reply_to`` is the first remark of its thread, 0 for that one itself. ``is_ours`` says whether
    we wrote it, and so must not act on it. ``review`` is the review that it came with, 0 where the service has none for it."""

    id: int
    author: str
    path: str
    line: int | None
    body: str
    reply_to: int = 0
    is_ours: bool = False
    review: int = 0


@dataclass(frozen=True)
class SubmittedReview:
    """A review as a whole: its own words, and whether its author asks for changes with it or approves."""

    author: str
    body: str
    verdict: Verdict = "none"


@dataclass(frozen=True)
class FailedCheck:
    """A failed check of a commit. ``output`` is its own output, at most a few thousand characters."""

    id: int
    name: str
    url: str
    output: str = ""


@dataclass(frozen=True)
class Login:
    """The credential for git; ``secret`` is never shown."""

    user: str
    secret: str = field(repr=False)


class HostingClient(Protocol):
    """One repository on a service. Every method raises NotFound, NotAllowed, HostBusy or HostFailed (``errors``)."""

    @overload
    def repository(self) -> RemoteRepository: ...
    @overload
    def repository(self, known: str) -> RemoteRepository | None:
        """None if nothing has changed since the state with the etag ``known``. On services with conditional requests, that
        answer does not count against the rate limit."""
        ...

    def installation(self) -> int | None:
        """The installation of this server's own app that has access to the repository; None if there is none."""
        ...

    def login(self) -> Login:
        """The credential for git over https; short-lived if the service supports that."""
        ...

    def ensure_webhook(self, url: str, secret: str) -> None:
        """Creates or updates the one webhook that sends events to ``url``, signed with ``secret``."""
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

    def react(self, comment_id: int, sign: Literal["eyes"], *, remark: bool = False) -> None:
        """Adds a reaction to a comment of an issue or pull request, or to a ``remark`` on a line, to show that it was read.
        Idempotent, and no event of its own: nobody's program is woken by it."""
        ...

    def review_comments(self, number: int) -> list[ReviewComment]: ...

    def review(self, number: int, review_id: int) -> SubmittedReview:
        """A review without its remarks."""
        ...

    def reply(self, number: int, comment_id: int, body: str, *, marker: str) -> Comment:
        """Replies in the thread of a review comment, once per ``marker``."""
        ...

    def failed_checks(self, sha: str) -> list[FailedCheck]: ...
