"""Filters payloads: fields that we do not use are dropped before storing, and long texts are cut.

Format: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_WORDS = 20_000
MAX_NAME = 300

Shape = Mapping[str, Any]
"""Field → None for a plain value, or the shape of what is below it; a list holds the shape of its entries."""

ACCOUNT: Shape = {"login": None}
THREAD: Shape = {
    "number": None, "title": None, "body": None, "state": None, "html_url": None, "user": ACCOUNT,
    "labels": [{"name": None}], "pull_request": {"url": None}, "updated_at": None,
}  # fmt: skip
COMMENT: Shape = {
    "id": None, "body": None, "user": ACCOUNT, "path": None, "line": None, "in_reply_to_id": None, "html_url": None,
    "pull_request_review_id": None, "created_at": None,
}  # fmt: skip
PULL: Shape = {
    "number": None, "state": None, "merged": None, "html_url": None, "head": {"ref": None, "sha": None},
    "base": {"ref": None},
}  # fmt: skip
REVIEW: Shape = {"id": None, "state": None, "body": None, "user": ACCOUNT, "submitted_at": None}
SUITE: Shape = {"updated_at": None, "id": None, "head_sha": None, "head_branch": None, "status": None, "conclusion": None}
COMMON: Shape = {
    "action": None,
    "sender": ACCOUNT,
    "repository": {"full_name": None, "archived": None, "default_branch": None},
    "installation": {"id": None},
}
EVENTS: Mapping[str, Shape] = {
    "push": {"ref": None, "before": None, "after": None, "deleted": None},
    "issues": {"issue": THREAD, "label": {"name": None}},
    "issue_comment": {"issue": THREAD, "comment": COMMENT},
    "pull_request": {"pull_request": PULL},
    "pull_request_review": {"pull_request": PULL, "review": REVIEW},
    "pull_request_review_comment": {"pull_request": PULL, "comment": COMMENT},
    "check_suite": {"check_suite": SUITE},
    "repository": {"changes": {"repository": {"name": {"from": None}}}},
    "installation": {},
}
"""The events that we process."""


def read(event: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The known fields of ``payload``. What has another type than the format says is dropped. Raises KeyError for an event that
    is not in ``EVENTS``."""
    return _taken(payload, {**COMMON, **EVENTS[event]})


def _taken(value: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, below in shape.items():
        inner = value.get(name)
        if below is None:
            if isinstance(inner, str):
                found[name] = inner.replace("\0", "")[: MAX_WORDS if name == "body" else MAX_NAME]
            elif isinstance(inner, bool | int) or inner is None:
                found[name] = inner
        elif isinstance(below, list):
            entries = inner if isinstance(inner, list) else []
            found[name] = [_taken(entry, below[0]) for entry in entries[:100] if isinstance(entry, Mapping)]
        elif isinstance(inner, Mapping):
            found[name] = _taken(inner, below)
    return found
