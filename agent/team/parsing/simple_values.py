"""Keys and one-word values in an object of a model, whatever their spelling."""

from __future__ import annotations

import re

MAX_ENTRIES = 1_000
"""Of a list or an object that are looked at."""
NOTHING = frozenset(("", "none", "null", "n/a", "nil", "undefined"))
TRUE, FALSE = frozenset(("true", "yes", "1")), frozenset(("false", "no", "0"))


def simple(key: str) -> str:
    """``testStrategy``, ``Test Strategy`` and ``test-strategy`` are one name."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key.strip()[:80])
    return re.sub(r"[\s\-_]+", "_", parted).strip("_:").lower()
