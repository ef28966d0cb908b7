"""``mgx repo refresh --all``: checks all links and waits for the results."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any

from mgx_cli.api import Api
from mgx_cli.output import say

POLL_SECONDS = 2.0
WORTH_SAYING = 15.0
"""Waits longer than this, in seconds, are shown."""


def ask_for_all(api: Api, project_id: str | None) -> int:
    """Requests the check and returns the number of links."""
    body = {} if project_id is None else {"project_id": project_id}
    return int(api.post("/api/repositories/refresh", body)["queued"])


def wait_for_all(api: Api, project_id: str | None, queued: int) -> list[dict[str, Any]]:
    """Shows progress on stderr until all links are checked. Returns the links with an error."""
    where = {} if project_id is None else {"project_id": project_id}
    told = ""
    while waiting := list(api.items("/api/repositories", {**where, "refreshing": "true"}, most=queued + 1000)):
        line = f"{max(0, queued - len(waiting))} of {queued} checked{_until(waiting)}"
        if line != told:
            say(line)
            told = line
        time.sleep(POLL_SECONDS)
    say(f"{queued} of {queued} checked.")
    return list(api.items("/api/repositories", {**where, "status": "error"}, most=queued + 1000))


def _until(waiting: list[dict[str, Any]]) -> str:
    """When the first waiting link is checked, if that is long: after a retry delay or a rate limit."""
    due = min((datetime.fromisoformat(row["refresh_due_at"]) for row in waiting if row.get("refresh_due_at")), default=None)
    if due is None or (due - datetime.now(timezone.utc)).total_seconds() < WORTH_SAYING:
        return "."
    return f"; the next check is at {due.astimezone():%H:%M:%S}. Ctrl-C stops waiting, not the checks."
