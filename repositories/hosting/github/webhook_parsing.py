"""Parses GitHub's deliveries into neutral events (`hosting.webhook_events`). Pure functions that accept any payload.

Format: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ..base import Verdict
from ..payloads import entries, integer, part, text
from ..webhook_events import (
    DISMISSED,
    LABEL,
    MAX_NUMBER,
    BranchPushed,
    ChecksFailed,
    CommentCommand,
    IssueLabelled,
    IssueThread,
    IssueUnlabelled,
    LinkChanged,
    PullRequestStateChanged,
    ReviewDismissed,
    ReviewSubmitted,
    WebhookEvent,
)
from .comment_syntax import is_ours, read_comment

RED = ("failure", "timed_out")
"""Conclusions of a check suite that count as failed."""
MAX_BRANCH = 100
MAX_TIME = 40

VERDICTS: Mapping[str, Verdict] = {"changes_requested": "changes", "approved": "approved", "commented": "none"}
"""The states of a review; one that was dismissed says nothing any more."""

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def parse_payload(event: str, payload: Mapping[str, Any]) -> list[WebhookEvent]:
    """The commands and events in a delivery; most deliveries contain none."""
    actor = text(part(payload, "sender"), "login")
    found = _READERS.get(event)
    if found is None:
        return []
    happened = happened_at(event, payload)
    program = is_program(payload)
    return [replace(means, happened_at=happened, by_program=program) for means in found(actor, payload)]


def is_program(payload: Mapping[str, Any]) -> bool:
    """Whether the sender is a bot, or an app has written the comment for an account. GitHub can't tell a person's account that
    a program uses."""
    sender = part(payload, "sender")
    return (
        text(sender, "type") == "Bot"
        or text(sender, "login").endswith("[bot]")
        or bool(part(part(payload, "comment"), "performed_via_github_app"))
    )


def happened_at(event: str, payload: Mapping[str, Any]) -> datetime | None:
    """GitHub's time of the cause; None for events without one, which are harmless if handled twice."""
    if payload.get("action") == "dismissed":
        return None  # the only time in it is that of the review, which may be old
    where, field = _TIMES.get(event, ("", ""))
    return _time(text(part(payload, where), field))


def _time(written: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _issues(actor: str, payload: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    issue = _issue(payload)
    if issue is None:
        return
    action, is_ours_label = payload.get("action"), text(part(payload, "label"), "name").lower() == LABEL
    # each time that the label is set is a cause of its own; the issue's time is the same in every delivery of it
    at = text(part(payload, "issue"), "updated_at")[:MAX_TIME]
    if action == "opened" and LABEL in _labels(payload):
        yield IssueLabelled(actor, f"issue:{issue.number}:opened", issue, with_opening=True)
    elif action == "labeled" and is_ours_label:
        yield IssueLabelled(actor, f"issue:{issue.number}:label:{at}", issue)
    elif action == "unlabeled" and is_ours_label:
        yield IssueUnlabelled(actor, f"issue:{issue.number}:unlabel:{at}", issue)


def _labels(payload: Mapping[str, Any]) -> set[str]:
    return {text(label, "name").lower() for label in entries(part(payload, "issue"), "labels")}


def _issue_comment(actor: str, payload: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    issue, comment = _issue(payload), part(payload, "comment")
    identity = integer(comment, "id")
    if payload.get("action") != "created" or issue is None or identity is None:
        return
    command = read_comment(text(comment, "body")).command
    if command is not None:
        yield CommentCommand(actor, f"comment:{identity}", command.verb, command.words, issue)


def _review(actor: str, payload: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    review, number = part(payload, "review"), _number(part(payload, "pull_request"))
    body, identity = text(review, "body"), integer(review, "id")
    if is_ours(body) or number is None or identity is None:
        return
    if payload.get("action") == "dismissed":
        yield ReviewDismissed(actor, f"review:{identity}{DISMISSED}", identity)
    if payload.get("action") != "submitted":
        return
    verdict = VERDICTS.get(text(review, "state").lower())
    if verdict == "changes" or (verdict is not None and body.strip()):
        yield ReviewSubmitted(actor, f"review:{identity}", number, body, identity, verdict)


def _remark(actor: str, payload: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    """All remarks of a review have the same key, whichever delivery comes first: the review is read from the service."""
    comment, number = part(payload, "comment"), _number(part(payload, "pull_request"))
    identity, review = integer(comment, "id"), integer(comment, "pull_request_review_id")
    if payload.get("action") != "created" or number is None or identity is None:
        return
    if is_ours(text(comment, "body")):
        return  # our own reply in a thread: reacting to it would cause an endless loop
    yield ReviewSubmitted(actor, f"remark:{identity}" if review is None else f"review:{review}", number, "", review)


def _checks(actor: str, payload: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    suite = part(payload, "check_suite")
    sha = text(suite, "head_sha")
    red = payload.get("action") == "completed" and suite.get("conclusion") in RED
    if red and _SHA.fullmatch(sha):
        yield ChecksFailed(actor, f"checks:{sha}", sha, text(suite, "head_branch"))


def _pull_request(actor: str, payload: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    number = _number(part(payload, "pull_request"))
    if payload.get("action") in ("closed", "reopened") and number is not None:
        yield PullRequestStateChanged(actor, "", number)


def _push(actor: str, payload: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    ref, sha = text(payload, "ref"), text(payload, "after")
    branch = ref.removeprefix("refs/heads/")
    if branch != ref and _SHA.fullmatch(sha) and len(branch) <= MAX_BRANCH and payload.get("deleted") is not True:
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


def _issue(payload: Mapping[str, Any]) -> IssueThread | None:
    data = part(payload, "issue")
    number = _number(data)
    if number is None:
        return None
    return IssueThread(
        number=number,
        title=text(data, "title"),
        body=text(data, "body"),
        url=text(data, "html_url"),
        is_pull_request=bool(data.get("pull_request")),
        changed_at=_time(text(data, "updated_at")),
    )


def _number(data: Mapping[str, Any]) -> int | None:
    """Of an issue or a pull request."""
    found = integer(data, "number")
    return found if found is not None and 0 < found <= MAX_NUMBER else None
