"""What of an endpoint's settings can't be sent at all is told before it is asked, by the setting's name."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

from agent.errors import ModelFailed


def unsendable(key: str) -> str:
    """Which character of a key an HTTP header can't hold (RFC 9110: visible ASCII), for people, without the key; "" where it
    can hold them all."""
    for at, character in enumerate(key, 1):
        if not "!" <= character <= "~":
            name = unicodedata.name(character, "a control character").lower()
            return f"U+{ord(character):04X} ({name}) at position {at}"
    return ""


def check_key(key: str, setting: str) -> None:
    """Raises ModelFailed. ``setting`` names where it comes from."""
    if wrong := unsendable(key):
        raise ModelFailed(
            f"The key for the model endpoint holds a character that an HTTP header can't hold: {wrong}.",
            hint=f"Set {setting} again, without quotation marks and other characters that came along when it was copied.",
            code="model_key_unusable",
        )


def check_address(base_url: str, setting: str) -> None:
    """Raises ModelFailed. The address may hold a password: no more than its host is shown."""
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        usable = usable and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if usable:
        return
    shown = base_url.rpartition("@")[2][:100]
    if "://" in shown:
        detail, hint = f"{shown!r} is not the address of a model endpoint.", f"Set {setting} to an http:// or https:// URL."
    else:
        detail = f"The address {shown!r} of the model endpoint has no http:// or https:// before it."
        hint = f"Set {setting} to http://{shown} or https://{shown}."
    raise ModelFailed(detail, hint=hint, code="model_address_unusable")
