"""Parses deliveries into commands and events. Pure functions: permissions and duplicates are checked elsewhere.

Deliveries come twice, late and out of order, so each wish carries a ``key`` of what caused it (a comment's id, a commit), never
of the delivery.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

LABEL = "mgx"
Verb = Literal["plan", "run", "approve", "reject", "cancel", "retry", "resume", "steer", "help"]
VERBS: Mapping[Verb, str] = {
    "plan": "drafts a plan and posts it here for approval.",
    "run": "drafts a plan and executes it.",
    "approve": "approves the plan. Text after it is a message to the team.",
    "reject": "ends the run. With text after it, the plan is drafted again.",
    "cancel": "cancels the run.",
    "retry": "starts a new run.",
    "resume": "resumes a paused run. Text after it is the answer to its question.",
    "steer": "sends the text after it to the team.",
    "help": "says this.",
}
OLDEST = timedelta(days=7)
"""What happened so long before its delivery came is a replay: GitHub sends again for three days, and we remember for thirty."""
MAX_NUMBER = 2**31 - 1

_COMMAND = re.compile(r"^/mgx(?:[ \t]+(?P<verb>\S+)[ \t]*(?P<words>.*))?[ \t]*$")
OURS = "<!-- mgx:"
"""Part of every comment of ours (``repositories.hosting``), so that we ignore them."""

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FENCE = re.compile(r"^(```|~~~)")


@dataclass(frozen=True)
class Issue:
    number: int
    title: str
    body: str
    url: str
    is_pull_request: bool = False


@dataclass(frozen=True)
class WebhookEvent:
    """``actor`` is the account behind it; ``key`` is the same for every delivery of the same cause."""

    actor: str
    key: str


@dataclass(frozen=True)
class CommentCommand(WebhookEvent):
    """`/mgx verb words` in a comment on ``issue``. ``verb`` "" : one that we don't know, ``words`` is then the whole line."""

    verb: Verb | Literal[""]
    words: str
    issue: Issue


@dataclass(frozen=True)
class IssueLabelled(WebhookEvent):
    """The issue got our label, which requests a run."""

    issue: Issue


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


def parse_payload(event: str, payload: Mapping[str, Any]) -> list[WebhookEvent]:
    """The commands and events in a delivery; most deliveries contain none."""
    actor = _text(_part(payload, "sender"), "login")
    found = _READERS.get(event)
    return list(found(actor, payload)) if found is not None else []


def happened_at(event: str, payload: Mapping[str, Any]) -> datetime | None:
    """When the service says that it was; None for events that it says no time of, which do no harm twice."""
    part, field = _TIMES.get(event, ("", ""))
    try:
        found = datetime.fromisoformat(_text(_part(payload, part), field))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _issues(actor: str, payload: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    issue = _issue(payload)
    if issue is None:
        return
    label = _text(_part(payload, "label"), "name").lower()
    opened_with = payload.get("action") == "opened" and LABEL in _labels(payload)
    if opened_with or (payload.get("action") == "labeled" and label == LABEL):
        yield IssueLabelled(actor, f"issue:{issue.number}:label", issue)


def _labels(payload: Mapping[str, Any]) -> set[str]:
    labels = _part(payload, "issue").get("labels")
    return {
        _text(label, "name").lower() for label in (labels if isinstance(labels, list) else []) if isinstance(label, Mapping)
    }


def _issue_comment(actor: str, payload: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    issue, comment = _issue(payload), _part(payload, "comment")
    identity = _integer(comment, "id")
    if payload.get("action") != "created" or issue is None or identity is None:
        return
    for verb, words in commands(_text(comment, "body")):
        yield CommentCommand(actor, f"comment:{identity}", verb, words, issue)


def commands(text: str) -> list[tuple[Verb | Literal[""], str]]:
    """The first command of a comment, with the following lines as its text. Commands in quotes and code are ignored."""
    if OURS in text:
        return []
    lines, fenced = text.replace("\r\n", "\n").split("\n"), False
    for at, line in enumerate(lines):
        fenced ^= _FENCE.match(line) is not None
        found = None if fenced else _COMMAND.match(line)
        if found is not None:
            verb = (found["verb"] or "").lower()
            known = next((name for name in VERBS if name == verb), None)
            if known is None:
                return [("", line.strip())]
            return [(known, "\n".join([found["words"] or "", *lines[at + 1 :]]).strip())]
    return []


def _review(actor: str, payload: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    review, number = _part(payload, "review"), _number(_part(payload, "pull_request"))
    body, identity = _text(review, "body"), _integer(review, "id")
    if OURS in body or payload.get("action") != "submitted" or number is None or identity is None:
        return
    state = _text(review, "state").lower()
    if state == "changes_requested" or (state == "commented" and body.strip()):
        yield ReviewSubmitted(actor, f"review:{identity}", number, body, identity)


def _remark(actor: str, payload: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    """All remarks of a review have the same key, whichever delivery comes first."""
    comment, number = _part(payload, "comment"), _number(_part(payload, "pull_request"))
    identity, review = _integer(comment, "id"), _integer(comment, "pull_request_review_id")
    if payload.get("action") != "created" or number is None or identity is None:
        return
    if OURS in _text(comment, "body"):
        return  # our own reply in a thread: reacting to it would cause an endless loop
    yield ReviewSubmitted(actor, f"remark:{identity}" if review is None else f"review:{review}", number, "", review)


def _checks(actor: str, payload: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    suite = _part(payload, "check_suite")
    sha = _text(suite, "head_sha")
    red = payload.get("action") == "completed" and suite.get("conclusion") in ("failure", "timed_out")
    if red and _SHA.fullmatch(sha):
        yield ChecksFailed(actor, f"checks:{sha}", sha, _text(suite, "head_branch"))


def _pull_request(actor: str, payload: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    number = _number(_part(payload, "pull_request"))
    if payload.get("action") in ("closed", "reopened") and number is not None:
        yield PullRequestStateChanged(actor, "", number)


def _push(actor: str, payload: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    ref, sha = _text(payload, "ref"), _text(payload, "after")
    branch = ref.removeprefix("refs/heads/")
    if branch != ref and _SHA.fullmatch(sha) and len(branch) <= 100 and payload.get("deleted") is not True:
        yield BranchPushed(actor, f"push:{sha}:{branch}", branch, sha)


def _link(actor: str, payload: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    yield LinkChanged(actor, "")


_READERS = {
    "issues": _issues,
    "issue_comment": _issue_comment,
    "pull_request_review": _review,
    "pull_request_review_comment": _remark,
    "check_suite": _checks,
    "pull_request": _pull_request,
    "push": _push,
    "repository": _link,
    "installation": _link,
}
_TIMES = {
    "issues": ("issue", "updated_at"),
    "issue_comment": ("comment", "created_at"),
    "pull_request_review": ("review", "submitted_at"),
    "pull_request_review_comment": ("comment", "created_at"),
    "check_suite": ("check_suite", "updated_at"),
}


def _issue(payload: Mapping[str, Any]) -> Issue | None:
    data = _part(payload, "issue")
    number = _number(data)
    if number is None:
        return None
    return Issue(
        number=number,
        title=_text(data, "title"),
        body=_text(data, "body"),
        url=_text(data, "html_url"),
        is_pull_request=bool(data.get("pull_request")),
    )


def _part(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(data: Mapping[str, Any], name: str) -> str:
    found = data.get(name)
    return found if isinstance(found, str) else ""


def _integer(data: Mapping[str, Any], name: str) -> int | None:
    found = data.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _number(data: Mapping[str, Any]) -> int | None:
    """Of an issue or a pull request."""
    found = _integer(data, "number")
    return found if found is not None and 0 < found <= MAX_NUMBER else None
