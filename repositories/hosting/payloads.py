"""Reads bodies and payloads that anybody may have sent. Used by every provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from mgx_project.common.errors import BadRequest

MAX_WORDS = 20_000
MAX_NAME = 300
MAX_ENTRIES = 100
MAX_DELIVERY_ID = 100

Shape = Mapping[str, Any]
"""Field → None for a plain value, or the shape of what is below it; a list holds the shape of its entries."""


def require_delivery_id(delivery_id: str, header: str) -> str:
    """Raises BadRequest unless ``delivery_id``, which came in ``header``, can be stored."""
    if not delivery_id or len(delivery_id) > MAX_DELIVERY_ID or not delivery_id.isprintable():
        raise BadRequest(f"The id of the delivery ({header}) is missing or invalid.", code="bad_delivery")
    return delivery_id


def json_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object. Raises BadRequest if it is not a valid one."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest(
            "The body is not valid JSON. Set the webhook's content type to application/json.", code="bad_delivery"
        ) from None
    if not isinstance(payload, dict):
        raise BadRequest("The body must be a JSON object.", code="bad_delivery")
    return payload


def known_fields(payload: Mapping[str, Any], shape: Shape, *, long: str = "body") -> dict[str, Any]:
    """The fields of ``payload`` that ``shape`` names. What has another type is dropped; texts are cut at MAX_NAME characters,
    those of fields named ``long`` at MAX_WORDS, lists at MAX_ENTRIES entries."""
    found: dict[str, Any] = {}
    for name, below in shape.items():
        inner = payload.get(name)
        if below is None:
            if isinstance(inner, str):
                found[name] = inner.replace("\0", "")[: MAX_WORDS if name == long else MAX_NAME]
            elif isinstance(inner, bool | int) or inner is None:
                found[name] = inner
        elif isinstance(below, list):
            entries = inner if isinstance(inner, list) else []
            found[name] = [
                known_fields(entry, below[0], long=long) for entry in entries[:MAX_ENTRIES] if isinstance(entry, Mapping)
            ]
        elif isinstance(inner, Mapping):
            found[name] = known_fields(inner, below, long=long)
    return found


def part(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = data.get(name)
    return found if isinstance(found, Mapping) else {}


def text(data: Mapping[str, Any], name: str) -> str:
    found = data.get(name)
    return found if isinstance(found, str) else ""


def integer(data: Mapping[str, Any], name: str) -> int | None:
    found = data.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def entries(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = data.get(name)
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []
