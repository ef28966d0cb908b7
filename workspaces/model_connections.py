"""Rules for model connections, shared by the API and the admin."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

from mgx_project.common import clock
from mgx_project.common.errors import BadRequest

from .audit import record_audit
from .models import ModelConnection
from .models.model_connections import ROLES
from .principal import Principal
from .signals import model_test_wanted

CONNECTION_CONFLICTS = {
    "model_connection_name_unique": ("name", "A model connection with this name already exists. Choose another name."),
    "model_connection_one_default": ("is_default", "Another connection was made the default at the same time. Try again."),
}
ENDPOINT = frozenset(("kind", "model", "base_url", "api_key", "role_models"))
"""The fields that a test depends on: if one changes, the result is discarded."""


def check_connection(workspace_id: uuid.UUID, row: ModelConnection | None, changes: dict[str, Any]) -> None:
    """Validates a connection before it is created (``row`` None) or changed, in the write's transaction. Raises BadRequest.

    Unsets the previous default if needed, and adds to ``changes`` what changes as a consequence.
    """
    kind = changes.get("kind", row.kind if row else "")
    if kind != ModelConnection.Kind.OFFLINE and not changes.get("model", row.model if row else ""):
        raise BadRequest("Give the name of a model that this endpoint serves, for example gpt-5.", field="model")
    if "base_url" in changes:
        _check_address(row, changes)
    if "api_key" in changes:
        _check_key(changes)
    if row is not None and row.api_key and kind != row.kind and "api_key" not in changes:
        raise BadRequest(
            "Enter the api_key again: a stored key is only sent to the provider it was stored for.", field="api_key"
        )
    if "role_models" in changes:
        _check_roles(changes["role_models"])
    if changes.get("fallback_id"):
        _check_fallback(workspace_id, row, changes["fallback_id"])
    if changes.get("is_default"):
        others = ModelConnection.objects.for_workspace(workspace_id).filter(is_default=True)
        others.exclude(pk=row.pk if row else None).update(is_default=False)
    if row is not None and row.last_test and any(name in changes and changes[name] != getattr(row, name) for name in ENDPOINT):
        if "native_tools" not in changes and row.last_test.get("found_native_tools"):
            changes["native_tools"] = None
        changes |= {"last_test": None, "last_tested_at": None}


def test_connection(*, principal: Principal, connection_id: uuid.UUID) -> dict[str, Any]:
    """Tests the connection and stores the result. Not in a transaction: an endpoint may be slow. Raises Conflict."""
    connections = ModelConnection.objects.for_workspace(principal.workspace_id).filter(pk=connection_id)
    connection = connections.get()
    answers: Any = model_test_wanted.send(sender=ModelConnection, connection=connection)
    ((_, said),) = answers
    found = connection.native_tools is None and said["native_tools"] is not None
    result: dict[str, Any] = {**said, "found_native_tools": found}
    tools = {"native_tools": result["native_tools"]} if found else {}
    # only if it is what was tested
    connections.filter(updated_at=connection.updated_at).update(last_tested_at=clock.now(), last_test=result, **tools)
    record_audit(
        principal=principal,
        action="model.tested",
        object_type="model",
        object_id=connection_id,
        detail={"ok": result["ok"], "code": result["code"]},
    )
    return result


def _check_address(row: ModelConnection | None, changes: dict[str, Any]) -> None:
    try:
        parts = urlsplit(changes["base_url"])
    except ValueError as error:
        raise BadRequest(f"base_url is not a URL: {error}.", field="base_url") from None
    if changes["base_url"] and (parts.scheme not in {"http", "https"} or "@" in parts.netloc):
        raise BadRequest(
            "base_url must be an http or https URL without a credential. Put the credential into api_key.", field="base_url"
        )
    if row is not None and row.api_key and changes["base_url"] != row.base_url and "api_key" not in changes:
        raise BadRequest(
            "Enter the api_key again: a stored key is only sent to the address it was stored for.", field="api_key"
        )


def _check_key(changes: dict[str, Any]) -> None:
    """What a header can hold: RFC 9110's visible ASCII. The key itself is not repeated."""
    changes["api_key"] = key = (changes["api_key"] or "").strip()
    for at, character in enumerate(key, 1):
        if not "!" <= character <= "~":
            raise BadRequest(
                f"api_key holds a character that can't be sent to an endpoint: U+{ord(character):04X} at position {at}. "
                "Enter the key again, without quotation marks and other characters that came along when it was copied.",
                field="api_key",
            )


def _check_roles(role_models: Any) -> None:
    if not isinstance(role_models, dict):
        raise BadRequest('role_models must be an object such as {"reviewer": "a-smaller-model"}.', field="role_models")
    for role, name in role_models.items():
        if role not in ROLES:
            raise BadRequest(f"Unknown role {role!r}. The roles are {', '.join(ROLES)}.", field="role_models")
        if not isinstance(name, str) or not name.strip() or len(name) > 200:
            raise BadRequest(f"role_models: the {role}'s model must be a name of 1 to 200 characters.", field="role_models")


def _check_fallback(workspace_id: uuid.UUID, row: ModelConnection | None, fallback_id: uuid.UUID) -> None:
    # locked, so that two changes at once can't close a circle together
    links = dict(
        ModelConnection.objects.for_workspace(workspace_id).select_for_update().order_by("id").values_list("id", "fallback_id")
    )
    if fallback_id not in links:
        raise BadRequest("The fallback is not a model connection of this workspace.", field="fallback_id")
    seen: set[uuid.UUID] = set()
    at: uuid.UUID | None = fallback_id
    while at is not None and at not in seen:
        if row is not None and at == row.pk:
            raise BadRequest(
                "This connection would fall back to itself, directly or through other connections.", field="fallback_id"
            )
        seen.add(at)
        at = links.get(at)
