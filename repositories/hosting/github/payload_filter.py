"""Filters payloads: fields that we do not use are dropped before storing, and long texts are cut.

Format: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..payloads import Shape, known_fields

ACCOUNT: Shape = {"login": None, "type": None}
THREAD: Shape = {
    "number": None, "title": None, "body": None, "state": None, "html_url": None, "user": ACCOUNT,
    "labels": [{"name": None}], "pull_request": {"url": None}, "updated_at": None,
}  # fmt: skip
COMMENT: Shape = {
    "id": None, "body": None, "user": ACCOUNT, "path": None, "line": None, "in_reply_to_id": None, "html_url": None,
    "pull_request_review_id": None, "created_at": None,
    "performed_via_github_app": {"id": None},
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


def kept(event: str, payload: Mapping[str, Any]) -> dict[str, Any] | None:
    """The known fields of ``payload``; None for an event that is not in ``EVENTS``."""
    return known_fields(payload, {**COMMON, **EVENTS[event]}) if event in EVENTS else None
