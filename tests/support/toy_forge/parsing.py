"""Inbound: what the toy service's deliveries mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from repositories.hosting.commands import command_of
from repositories.hosting.comment_text import CommandText, CommentText
from repositories.hosting.payloads import Shape, integer, part, text
from repositories.hosting.webhook_events import (
    LABEL,
    MAX_NUMBER,
    BranchPushed,
    ChecksFailed,
    CommentCommand,
    IssueLabelled,
    IssueThread,
    LinkChanged,
    PullRequestStateChanged,
    ReviewSubmitted,
    WebhookEvent,
)

from .client import MACHINE

THREAD: Shape = {"no": None, "heading": None, "words": None, "page": None, "proposal": None}
PROPOSAL: Shape = {"no": None, "stage": None}
WORDS: Shape = {"no": None, "words": None, "machine": None, "verdict": None, "calls": None}
SHAPE: Mapping[str, Shape] = {
    "tagged": {"thread": THREAD, "tag": None},
    "note": {"thread": THREAD, "note": WORDS},
    "verdict": {"proposal": PROPOSAL, "verdict": WORDS},
    "remark": {"proposal": PROPOSAL, "remark": WORDS},
    "jobs": {"commit": None, "branch": None, "outcome": None},
    "proposal": {"proposal": PROPOSAL},
    "pushed": {"branch": None, "commit": None},
    "project": {},
}
"""The kinds that mean something to us → their fields beside who did it, what and when."""


def events(kind: str, kept: Mapping[str, Any]) -> list[WebhookEvent]:
    actor, at = text(part(kept, "by"), "nick"), integer(kept, "at")
    happened = None
    if at is not None:
        with suppress(ValueError, OverflowError, OSError):
            happened = datetime.fromtimestamp(at, UTC)
    return [replace(event, happened_at=happened) for event in _events(kind, actor, kept, at)]


def _events(kind: str, actor: str, kept: Mapping[str, Any], at: int | None) -> Iterator[WebhookEvent]:
    thread, number = part(kept, "thread"), _number(part(kept, "proposal"))
    issue = _issue(thread)
    match kind:
        case "tagged" if issue is not None and text(kept, "tag").lower() == LABEL:
            yield IssueLabelled(actor, f"thread:{issue.number}:tag:{at}", issue)
        case "note" if issue is not None and text(kept, "what") == "said":
            note = part(kept, "note")
            identity = integer(note, "no")
            if identity is not None and not _is_ours(note):
                command = read_comment(text(note, "words")).command
                if command is not None:
                    yield CommentCommand(actor, f"comment:{identity}", command.verb, command.words, issue)
        case "verdict" if number is not None:
            verdict = part(kept, "verdict")
            identity = integer(verdict, "no")
            if identity is not None and text(verdict, "calls") == "rework":
                yield ReviewSubmitted(actor, f"verdict:{identity}", number, text(verdict, "words"), identity, "changes")
        case "remark" if number is not None:
            remark = part(kept, "remark")
            identity, verdict_id = integer(remark, "no"), integer(remark, "verdict")
            if identity is not None and not _is_ours(remark):
                key = f"remark:{identity}" if verdict_id is None else f"verdict:{verdict_id}"
                yield ReviewSubmitted(actor, key, number, "", verdict_id)
        case "jobs" if text(kept, "outcome") == "broken" and text(kept, "commit"):
            yield ChecksFailed(actor, f"jobs:{text(kept, 'commit')[:64]}", text(kept, "commit"), text(kept, "branch"))
        case "proposal" if number is not None and text(kept, "what") in ("dropped", "taken", "reopened"):
            yield PullRequestStateChanged(actor, "", number)
        case "pushed" if text(kept, "branch") and text(kept, "commit"):
            key = f"pushed:{text(kept, 'commit')[:64]}:{text(kept, 'branch')[:100]}"
            yield BranchPushed(actor, key, text(kept, "branch")[:100], text(kept, "commit"))
        case "project":
            yield LinkChanged(actor, "")


def read_comment(words: str) -> CommentText:
    """Lines that begin with a bar are quotes here."""
    lines = words.split("\n")
    prose = "\n".join(line for line in lines if not line.startswith("|")).strip()
    for at, line in enumerate(lines):
        found = None if line.startswith("|") else command_of(line)
        if found is not None:
            verb, after = found
            return CommentText(prose, CommandText(verb, "\n".join([after, *lines[at + 1 :]]).strip() if verb else after))
    return CommentText(prose)


def _is_ours(said: Mapping[str, Any]) -> bool:
    return text(said, "machine").startswith(MACHINE)


def _issue(thread: Mapping[str, Any]) -> IssueThread | None:
    number = _number(thread)
    if number is None:
        return None
    words = {"title": text(thread, "heading"), "body": text(thread, "words"), "url": text(thread, "page")}
    return IssueThread(number=number, is_pull_request=bool(thread.get("proposal")), **words)


def _number(data: Mapping[str, Any]) -> int | None:
    found = integer(data, "no")
    return found if found is not None and 0 < found <= MAX_NUMBER else None
