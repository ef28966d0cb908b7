"""Verifies signatures of deliveries.

Format: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

HEADER = "X-Hub-Signature-256"


def is_signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the header is `sha256=` and the digest of ``body`` under ``secret``, in hexadecimal."""
    wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), headers.get(HEADER, "").encode("utf-8", "replace"))
