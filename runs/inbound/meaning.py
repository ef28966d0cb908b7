"""From a delivery to what somebody wants. Pure: who may want it, and whether it was done already, is decided elsewhere.

Deliveries come twice, late and out of order, so each wish carries a ``key`` of what caused it (a comment's id, a commit), never
of the delivery.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

LABEL = "mgx"
Verb = Literal["plan", "run", "approve", "reject", "cancel", "retry", "resume", "steer"]
VERBS: tuple[Verb, ...] = get_args(Verb)

_COMMAND = re.compile(r"^/mgx(?:[ \t]+(?P<verb>\S+)[ \t]*(?P<words>.*))?[ \t]*$")
OURS = "<!-- mgx:"
"""In every comment of ours (``repositories.hosting``): we don't obey ourselves."""

_FENCE = re.compile(r"^(```|~~~)")


@dataclass(frozen=True)
class Issue:
    number: int
    title: str
    body: str
    url: str
    is_pull_request: bool = False


@dataclass(frozen=True)
class Wish:
    """``actor`` is the account that wants it; ``key`` is the same for every delivery of the same cause."""

    actor: str
    key: str


@dataclass(frozen=True)
class Command(Wish):
    """`/mgx verb words` in a comment on ``issue``. ``verb`` "" : one that we don't know, ``words`` is then the whole line."""

    verb: Verb | Literal[""]
    words: str
    issue: Issue


@dataclass(frozen=True)
class Labelled(Wish):
    """The issue got our label: somebody wants it done."""

    issue: Issue


@dataclass(frozen=True)
class Reviewed(Wish):
    """A review or a remark on a pull request; what it says is read from the service when it is taken up."""

    number: int
    words: str


@dataclass(frozen=True)
class Red(Wish):
    """The checks of a commit have failed."""

    sha: str
    branch: str


@dataclass(frozen=True)
class Closed(Wish):
    number: int
    merged: bool


@dataclass(frozen=True)
class LinkChanged(Wish):
    """The repository itself, or our right to it, has changed."""


def wishes(event: str, payload: Mapping[str, Any]) -> list[Wish]:
    """What a delivery means; nothing for most of them."""
    actor = str((payload.get("sender") or {}).get("login") or "")
    found = _READERS.get(event)
    return list(found(actor, payload)) if found is not None else []


def _issues(actor: str, payload: Mapping[str, Any]) -> Iterator[Wish]:
    issue = _issue(payload.get("issue"))
    if issue is None:
        return
    label = str((payload.get("label") or {}).get("name") or "")
    opened_with = payload.get("action") == "opened" and LABEL in _labels(payload)
    if opened_with or (payload.get("action") == "labeled" and label.lower() == LABEL):
        yield Labelled(actor, f"issue:{issue.number}:label", issue)


def _labels(payload: Mapping[str, Any]) -> set[str]:
    return {str(label.get("name") or "").lower() for label in payload["issue"].get("labels") or []}


def _issue_comment(actor: str, payload: Mapping[str, Any]) -> Iterator[Wish]:
    issue, comment = _issue(payload.get("issue")), payload.get("comment") or {}
    if payload.get("action") != "created" or issue is None or not isinstance(comment.get("id"), int):
        return
    for verb, words in commands(str(comment.get("body") or "")):
        yield Command(actor, f"comment:{comment['id']}", verb, words, issue)


def commands(text: str) -> list[tuple[Verb | Literal[""], str]]:
    """The first command of a comment, with the lines that follow it as its words. Quotes and code are not ours to obey."""
    if OURS in text:
        return []
    lines, fenced = text.replace("\r\n", "\n").split("\n"), False
    for at, line in enumerate(lines):
        fenced ^= _FENCE.match(line) is not None
        found = None if fenced else _COMMAND.match(line)
        if found is not None:
            verb = (found["verb"] or "").lower()
            if verb not in VERBS:
                return [("", line.strip())]
            return [(verb, "\n".join([found["words"] or "", *lines[at + 1 :]]).strip())]
    return []


def _review(actor: str, payload: Mapping[str, Any]) -> Iterator[Wish]:
    review, number = payload.get("review") or {}, (payload.get("pull_request") or {}).get("number")
    if OURS in str(review.get("body") or ""):
        return
    state = str(review.get("state") or "").lower()
    wanted = state == "changes_requested" or (state == "commented" and str(review.get("body") or "").strip())
    if payload.get("action") == "submitted" and isinstance(number, int) and isinstance(review.get("id"), int) and wanted:
        yield Reviewed(actor, f"review:{review['id']}", number, str(review.get("body") or ""))


def _remark(actor: str, payload: Mapping[str, Any]) -> Iterator[Wish]:
    """A remark belongs to its review: all of one review are one wish, whichever delivery comes first."""
    comment, number = payload.get("comment") or {}, (payload.get("pull_request") or {}).get("number")
    if payload.get("action") != "created" or not isinstance(number, int) or not isinstance(comment.get("id"), int):
        return
    if OURS in str(comment.get("body") or ""):
        return  # our answer in a thread, told by the service as anybody's: obeying it would never end
    review = comment.get("pull_request_review_id")
    key = f"review:{review}" if isinstance(review, int) else f"remark:{comment['id']}"
    yield Reviewed(actor, key, number, "")


def _checks(actor: str, payload: Mapping[str, Any]) -> Iterator[Wish]:
    suite = payload.get("check_suite") or {}
    red = payload.get("action") == "completed" and suite.get("conclusion") in ("failure", "timed_out")
    if red and suite.get("head_sha"):
        yield Red(actor, f"checks:{suite['head_sha']}", str(suite["head_sha"]), str(suite.get("head_branch") or ""))


def _pull_request(actor: str, payload: Mapping[str, Any]) -> Iterator[Wish]:
    pull = payload.get("pull_request") or {}
    if payload.get("action") == "closed" and isinstance(pull.get("number"), int):
        yield Closed(actor, f"closed:{pull['number']}", pull["number"], pull.get("merged") is True)


def _link(actor: str, payload: Mapping[str, Any]) -> Iterator[Wish]:
    yield LinkChanged(actor, "")


_READERS = {
    "issues": _issues,
    "issue_comment": _issue_comment,
    "pull_request_review": _review,
    "pull_request_review_comment": _remark,
    "check_suite": _checks,
    "pull_request": _pull_request,
    "repository": _link,
    "installation": _link,
}


def _issue(data: Any) -> Issue | None:
    if not isinstance(data, Mapping) or not isinstance(data.get("number"), int):
        return None
    return Issue(
        number=data["number"],
        title=str(data.get("title") or ""),
        body=str(data.get("body") or ""),
        url=str(data.get("html_url") or ""),
        is_pull_request=bool(data.get("pull_request")),
    )
