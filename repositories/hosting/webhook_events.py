"""What happens on a hosting service, as neutral events that no service's names appear in. Permissions and duplicates are
checked by the code that handles them.

Deliveries arrive twice, late and out of order, so each event has a ``key`` of its cause (a comment's id, a commit), not of the
delivery.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from .commands import Verb

LABEL = "mgx"
"""The label that requests a run for an issue. In lower case; a label's case does not matter."""
MAX_NUMBER = 2**31 - 1
"""Of an issue or a pull request: what is stored of one."""
MAX_KEY = 200


@dataclass(frozen=True)
class IssueThread:
    """An issue, or the pull request that a comment stands in."""

    number: int
    title: str
    body: str
    url: str
    is_pull_request: bool = False


@dataclass(frozen=True)
class WebhookEvent:
    """``actor`` is the account behind it; ``key`` is the same for every delivery of the same cause.

    ``happened_at`` is when the service says that it was; None for events that it says no time of, which do no harm twice.
    """

    actor: str
    key: str
    happened_at: datetime | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class CommentCommand(WebhookEvent):
    """A command in a comment on ``issue``. ``verb`` "" : one that we don't know, ``words`` is then the whole line.

    Its ``key`` is `comment:` and the comment's id, which `HostingClient.react` takes."""

    verb: Verb | Literal[""]
    words: str
    issue: IssueThread


@dataclass(frozen=True)
class IssueLabelled(WebhookEvent):
    """The issue got our label, which requests a run."""

    issue: IssueThread


@dataclass(frozen=True)
class ReviewSubmitted(WebhookEvent):
    """A review or a remark on a pull request; what it says is read from the service when it is taken up, ``words`` aside: those
    of the review itself, where they are known. ``review`` is its id, None for a remark outside of any."""

    number: int
    words: str
    review: int | None


@dataclass(frozen=True)
class ChecksFailed(WebhookEvent):
    """The checks of a commit failed."""

    sha: str
    branch: str


@dataclass(frozen=True)
class PullRequestStateChanged(WebhookEvent):
    """The pull request was closed, merged or opened again; which of them counts now is asked when it is taken up."""

    number: int


@dataclass(frozen=True)
class BranchPushed(WebhookEvent):
    """A branch has another head."""

    branch: str
    sha: str


@dataclass(frozen=True)
class LinkChanged(WebhookEvent):
    """The repository itself, or our right to it, has changed."""
