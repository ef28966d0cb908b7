"""Warnings about missing permissions of a link."""

from __future__ import annotations

from collections.abc import Mapping

from .hosting.registry import PLAIN_GIT

NEEDED = {
    "read": "to read the code",
    "write": "to push branches and to open pull requests",
    "admin": "to set up the webhook automatically",
}


def missing(provider: str, permissions: Mapping[str, bool]) -> dict[str, str]:
    """The permissions that a link is known to lack, and what each is needed for. Plain git reveals only read access."""
    if provider == PLAIN_GIT or not permissions:
        return {}
    return {right: purpose for right, purpose in NEEDED.items() if not permissions.get(right)}
