"""Primary keys: UUIDv7 (RFC 9562), made by the application so that a row has its id before it is written."""

from __future__ import annotations

import uuid

import uuid_utils.compat


def uuid7() -> uuid.UUID:
    return uuid_utils.compat.uuid7()
