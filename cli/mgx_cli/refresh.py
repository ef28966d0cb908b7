"""``mgx repo refresh --all``: having all links looked at, and waiting for it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from mgx_cli.api import Api
from mgx_cli.output import say

POLL_SECONDS = 2.0
WORTH_SAYING = 15.0
"""Seconds to wait for a service's limit that a person should know of."""


def ask_for_all(api: Api, project_id: str | None) -> int:
    """Returns how many links will be looked at."""
    body = {} if project_id is None else {"project_id": project_id}
    return int(api.post("/api/repositories/refresh", body)["queued"])


def wait_for_all(api: Api, project_id: str | None, queued: int) -> list[dict[str, Any]]:
    """Says how it goes on standard error until all were looked at. Returns the links with an error."""
    where = {} if project_id is None else {"project_id": project_id}
    told = ""
    while waiting := list(api.items("/api/repositories", {**where, "refreshing": "true"}, most=queued + 1000)):
        line = f"{max(0, queued - len(waiting))} of {queued} looked at{_until(waiting)}"
        if line != told:
            say(line)
            told = line
        time.sleep(POLL_SECONDS)
    say(f"{queued} of {queued} looked at.")
    return list(api.items("/api/repositories", {**where, "status": "error"}, most=queued + 1000))


def _until(waiting: list[dict[str, Any]]) -> str:
    """When the first of those that wait goes on, where it is worth saying: a slow look is tried again then, or a limit ends."""
    due = min((datetime.fromisoformat(row["refresh_due_at"]) for row in waiting if row.get("refresh_due_at")), default=None)
    if due is None or (due - datetime.now(UTC)).total_seconds() < WORTH_SAYING:
        return "."
    return f"; it goes on by {due.astimezone():%H:%M:%S}. Ctrl-C ends the waiting, not the looking."
