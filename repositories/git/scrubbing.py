"""Removes credentials from texts for people and logs."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from urllib.parse import quote

_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")


def scrub(text: str, secrets: Sequence[str] = ()) -> str:
    """``text`` without the given secrets (as they are, URL-quoted or base64) and without any user part of a URL."""
    for secret in secrets:
        for form in (secret, quote(secret, safe=""), b64encode(secret.encode()).decode()):
            if form:
                text = text.replace(form, "***")
    return _USERINFO.sub("***@", text)
