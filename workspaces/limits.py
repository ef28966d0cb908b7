"""Limits of a workspace (members, runs, storage, requests): defaults, the operator's values, and the checks.

A row holds only what was set for it; everything else is the server's default (``MGX_LIMIT_…``). 0 means no limit, in a row and
in a setting, and is shown as null.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.db import connection

from mgx_project.common.errors import BadRequest, Conflict, NotAllowed

from .models import Membership, User, Workspace

LARGEST = 2**31 - 1
MOST = {
    "running_runs": LARGEST,
    "queued_runs": LARGEST,
    "projects": LARGEST,
    "members": LARGEST,
    "storage_bytes": 2**53 - 1,
    "requests_per_minute": LARGEST,
}
"""Every limit, and its largest value."""
SAID = {"storage_bytes": "bytes of stored files", "requests_per_minute": "requests per minute"}
WHO = "Ask the operator of this server to raise it (admin, Workspaces), or remove what is no longer needed."


class LimitReached(Conflict):
    """The request would exceed a limit of the workspace."""

    code = "limit_reached"


def limits_of(workspace: Workspace | uuid.UUID | Mapping[str, Any]) -> dict[str, int | None]:
    """All effective limits of the workspace, given as a row, its id, or the row's ``limits``. None means no limit."""
    if isinstance(workspace, Workspace):
        own: Mapping[str, Any] = workspace.limits
    elif isinstance(workspace, uuid.UUID):
        own = Workspace.objects.filter(pk=workspace).values_list("limits", flat=True).first() or {}
    else:
        own = workspace
    return {name: (settings.MGX_LIMITS[name] if own.get(name) is None else own[name]) or None for name in MOST}


def limit_of(workspace: Workspace | uuid.UUID | Mapping[str, Any], name: str) -> int | None:
    """One of `limits_of`."""
    return limits_of(workspace)[name]


def checked_limits(value: Any) -> dict[str, int]:
    """Validates ``limits``: known names with whole numbers from 0; null means the server's default.

    Raises BadRequest naming the field at fault.
    """
    if not isinstance(value, dict):
        raise BadRequest(f"limits must be an object with any of {', '.join(MOST)}.", field="limits")
    for name, limit in value.items():
        if name not in MOST:
            raise BadRequest(
                f"Unknown limit {str(name)[:60]!r}. The limits are {', '.join(MOST)}.", field=f"limits.{name}"[:80]
            )
        if limit is not None and (type(limit) is not int or not 0 <= limit <= MOST[name]):
            raise BadRequest(
                f"limits.{name} must be a whole number from 0 (no limit) to {MOST[name]}, or null for the server's default.",
                field=f"limits.{name}",
            )
    return {name: limit for name, limit in value.items() if limit is not None}


def require_operator(user: User) -> None:
    """Only operators change limits, which protect the server from its tenants. Raises NotAllowed."""
    if not user.is_staff:
        raise NotAllowed("Only the operator of this server can change the limits of a workspace.", field="limits")


def require_room(workspace_id: uuid.UUID, name: str, used: Callable[[], int] | None = None, *, more: int = 1) -> None:
    """Raises LimitReached if ``more`` of ``name`` would exceed the limit, given what is ``used``.

    Call it in the transaction that adds the row, before it is added: others who add to the same limit wait until that
    transaction has ended. In the lock order it comes after task and before run and workspace.
    """
    limit = limit_of(workspace_id, name)
    if limit is None:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"mgx.limit/{name}/{workspace_id}"])
    # a statement of its own: its snapshot is of after the lock
    refuse_beyond(limit, name, (used or _members(workspace_id))() + more)


def refuse_beyond(limit: int | None, name: str, wanted: int) -> None:
    """Raises LimitReached if the total ``wanted`` is more than ``limit``."""
    if limit is not None and wanted > limit:
        what = SAID.get(name, name.replace("_", " "))
        raise LimitReached(f"This workspace has reached its limit of {limit:,} {what} ({name}).", hint=WHO)


def _members(workspace_id: uuid.UUID) -> Callable[[], int]:
    return Membership.objects.filter(workspace_id=workspace_id).count
