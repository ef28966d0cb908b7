"""Commands and events of hosting services, without names of any one service. Permissions and duplicates are checked by the code
that handles them.

Deliveries arrive twice, late and out of order, so each event has a ``key`` of its cause (a comment's id, a commit), not of the
delivery.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from .base import Verdict
from .commands import Verb

LABEL = "mgx"
"""The label that requests a run for an issue. In lower case; a label's case does not matter."""
MAX_NUMBER = 2**31 - 1
"""The highest number of an issue or a pull request that can be stored."""
MAX_KEY = 200


@dataclass(frozen=True)
class IssueThread:
    """An issue, or the pull request of a comment."""

    number: int
    title: str
    body: str
    url: str
    is_pull_request: bool = False
    changed_at: datetime | None = field(default=None, compare=False)
    """The service's time of its last change, a comment's included: what another delivery says may be older or newer. None where
    the service does not say; then what comes last counts."""


@dataclass(frozen=True)
class WebhookEvent:
    """``actor`` is the account behind it; ``key`` is the same for every delivery of the same cause.

    ``happened_at`` is the service's time of the cause; None for events without one, which are harmless if handled twice.
    ``by_program``: the service says that a program is behind it, and no person.
    """

    actor: str
    key: str
    happened_at: datetime | None = field(default=None, kw_only=True)
    by_program: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class CommentCommand(WebhookEvent):
    """A command in a comment on ``issue``. ``verb`` is "" for an unknown command; ``words`` is then the whole line.

    Its ``key`` is `comment:` and the comment's id, for `HostingClient.react`."""

    verb: Verb | Literal[""]
    words: str
    issue: IssueThread


@dataclass(frozen=True)
class IssueLabelled(WebhookEvent):
    """The issue got our label, which requests a run. ``with_opening``: it was opened with it, which services may tell a second
    time as a label that was set."""

    issue: IssueThread
    with_opening: bool = False


@dataclass(frozen=True)
class IssueUnlabelled(WebhookEvent):
    """Our label was taken off the issue: when it is set again, that is a cause of its own."""

    issue: IssueThread


@dataclass(frozen=True)
class ReviewSubmitted(WebhookEvent):
    """A review of a pull request, or a remark on it. ``words`` is the review's own text, ``verdict`` what it asks for, "" if
    the delivery does not say; everything else is read from the service when the event is handled. ``review`` is its id, None
    for a remark outside of a review."""

    number: int
    words: str
    review: int | None
    verdict: Verdict | Literal[""] = ""


DISMISSED = ":dismissed"


@dataclass(frozen=True)
class ReviewDismissed(WebhookEvent):
    """The review with this id counts no more: neither its words nor its remarks ask for anything. Its ``key`` is `review:`, the
    id and DISMISSED."""

    review: int


@dataclass(frozen=True)
class ChecksFailed(WebhookEvent):
    """The checks of a commit failed."""

    sha: str
    branch: str


@dataclass(frozen=True)
class PullRequestStateChanged(WebhookEvent):
    """The pull request was closed, merged or reopened; its present state is read when the event is handled."""

    number: int


@dataclass(frozen=True)
class BranchPushed(WebhookEvent):
    """A branch has another head."""

    branch: str
    sha: str


@dataclass(frozen=True)
class LinkChanged(WebhookEvent):
    """The repository itself, or our right to it, has changed."""
