"""Optimistic concurrency for PATCH (RFC 9110 §13.1.1): `If-Match` carries the ETag that the client last saw."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from rest_framework.request import Request

from .errors import PreconditionFailed


def etag(row_id: Any, updated_at: datetime) -> str:
    return f'"{hashlib.sha256(f"{row_id}:{updated_at.isoformat()}".encode()).hexdigest()[:24]}"'


def check_if_match(request: Request, row_id: Any, updated_at: datetime) -> None:
    """Call under the row's lock. Raises PreconditionFailed when the row changed since the client read it."""
    wanted = request.headers.get("If-Match")
    if wanted is None or wanted.strip() == "*":
        return
    current = etag(row_id, updated_at)
    if current not in {tag.strip() for tag in wanted.split(",")}:
        raise PreconditionFailed(f"This was changed after you read it (its ETag is now {current}). Read it again and retry.")
