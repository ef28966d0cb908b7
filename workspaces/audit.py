"""The audit log: who changed what, from where, written in the transaction of the change."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

from mgx_project.common import tenant_wall
from mgx_project.common.fields import EncryptedTextField
from mgx_project.common.request_id import current_address, current_request_id

from .models import AuditEntry, User, Workspace
from .principal import Principal

REDACTED = "(redacted)"
LONGEST = 120
"""Characters of a value; a longer one is only counted. An entry outlives its workspace, whose contents must be gone then."""
_SECRET = re.compile(r"secret|password|passphrase|credential|token(?!s)|api_?key|private_?key|digest", re.IGNORECASE)


def record_audit(
    *,
    principal: Principal,
    action: str,
    object_type: str,
    object_id: uuid.UUID | None,
    detail: dict[str, Any] | None = None,
    changes: dict[str, Any] | None = None,
) -> None:
    """``action`` is `noun.verb` in the past (`member.added`). ``detail`` is shown to admins: names and roles, never
    secrets. Its ``by`` is the principal's name: a visitor from a hosting service has no user here. ``changes`` is made by
    `differences`."""
    record_act(
        workspace_id=principal.workspace_id,
        user=principal.person,
        by=principal.name,
        display=principal.display,
        action=action,
        object_type=object_type,
        object_id=object_id,
        detail=detail,
        changes=changes,
    )


def record_account(
    *, user: User | None, action: str, account: User, by: str = "", detail: dict[str, Any] | None = None, **changes: Any
) -> None:
    """What happens to ``account``, outside any workspace. ``user`` is who did it; where that is nobody signed in, ``by`` says
    who."""
    record_act(
        workspace_id=None,
        user=user,
        by=by or (f"user:{user.pk}" if user is not None else ""),
        display=user.get_username() if user is not None else by,
        action=f"account.{action}",
        object_type="user",
        object_id=account.pk,
        detail={"username": account.get_username(), **(detail or {})},
        changes=changes,
    )


def record_act(
    *,
    workspace_id: uuid.UUID | None,
    by: str,
    action: str,
    object_type: str,
    object_id: uuid.UUID | None,
    user: User | None = None,
    display: str = "",
    detail: dict[str, Any] | None = None,
    changes: dict[str, Any] | None = None,
) -> None:
    """As `record_audit`, for an act without a principal."""
    slug = Workspace.objects.filter(pk=workspace_id).values_list("slug", flat=True).first() if workspace_id else ""
    with nullcontext() if workspace_id else tenant_wall.across_tenants():  # an entry of no tenant is the server's
        AuditEntry.objects.create(
            workspace_id=workspace_id,
            workspace_slug=slug or "",
            user=user,
            username=(display or by)[:400],
            address=current_address()[:45],
            request_id=current_request_id(),
            action=action,
            object_type=object_type,
            object_id=object_id,
            detail={**(detail or {}), "by": by},
            changes=changes or {},
        )


def audit_retention() -> None:
    """Lets this transaction delete what is older than MGX_KEEP_AUDIT_DAYS: the one way past the trigger of migration 0015."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('mgx.audit_deleted_before', (now() - make_interval(days => %s))::text, true)",
            [settings.MGX_KEEP_AUDIT_DAYS],
        )


def values_of(row: models.Model, names: Any) -> dict[str, Any]:
    """The present values of the fields that ``names`` names, for `differences`."""
    return {name: getattr(row, name) for name in names}


def differences(model: type[models.Model], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """``{field: {before, after}}`` of what differs. Of an encrypted field, and of a value whose name is that of a secret, only
    that it changed is shown; of a value longer than LONGEST characters, how long it is."""
    secret = {field.name for field in model._meta.get_fields() if isinstance(field, EncryptedTextField)}
    found = {}
    for name in sorted(after):
        was, is_now = before.get(name), after[name]
        if was != is_now:
            hidden = name in secret or _SECRET.search(name)
            found[name] = {"before": _shown(was, hidden), "after": _shown(is_now, hidden)}
    return found


def _shown(value: Any, hidden: Any = False) -> Any:
    if hidden:
        return REDACTED if value else value
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"({len(value):,} characters)"
    if isinstance(value, (Mapping, list, tuple)):
        plain = _without_secrets(value)
        text = json.dumps(plain, cls=DjangoJSONEncoder, ensure_ascii=False)
        return plain if len(text) <= LONGEST else f"({len(text):,} characters)"
    return value.pk if isinstance(value, models.Model) else value


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: REDACTED if _SECRET.search(str(key)) and each else _without_secrets(each) for key, each in value.items()}
    return [_without_secrets(each) for each in value] if isinstance(value, (list, tuple)) else value
