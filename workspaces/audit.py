"""The audit log: who changed what, written in the transaction of the change."""

from __future__ import annotations

import uuid
from typing import Any

from .models import AuditEntry
from .principal import Principal


def record_audit(
    *, principal: Principal, action: str, object_type: str, object_id: uuid.UUID | None, detail: dict[str, Any] | None = None
) -> None:
    """``action`` is `noun.verb` in the past (`member.added`). ``detail`` is shown to admins: names and roles, never
    secrets. Its ``by`` is the principal's name: a visitor from a hosting service has no user here."""
    AuditEntry.objects.create(
        workspace_id=principal.workspace_id,
        user=principal.person,
        action=action,
        object_type=object_type,
        object_id=object_id,
        detail={**(detail or {}), "by": principal.name},
    )
