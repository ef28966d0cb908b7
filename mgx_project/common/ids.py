"""Primary keys: UUIDv7 (RFC 9562), made by the application so that a row has its id before it is written.

Here is the one place that reads an id which somebody else wrote, and the one that says what looks like an id.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

import uuid_utils.compat
from django.core.exceptions import ValidationError

PATTERN = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
"""A key in a path. Anything else does not match, so a malformed id never reaches the database."""
_ID = re.compile(PATTERN)
_ID_LIKE = re.compile("[0-9a-f]{32}")
_NOISE = str.maketrans("", "", "-_{}: ")


def uuid7() -> uuid.UUID:
    return uuid_utils.compat.uuid7()


def parse_id(value: Any) -> uuid.UUID | None:
    """The id that ``value`` (of any type, from anybody) is in its canonical form, letters in any case; None for all else."""
    if isinstance(value, uuid.UUID):
        return value
    if not isinstance(value, str) or not _ID.fullmatch(value.lower()):
        return None
    return uuid.UUID(value)


def id_like(text: str) -> bool:
    """Whether a person or a program may take ``text`` for an id: a UUID in any of its spellings."""
    return bool(_ID_LIKE.fullmatch(text.lower().removeprefix("urn:uuid:").translate(_NOISE)))


def refuse_id_like(text: str) -> None:
    """For fields whose value stands where an id may stand. Raises ValidationError."""
    if id_like(text):
        raise ValidationError("This looks like an id. Choose a name that can't be mistaken for one.", code="id_like")
