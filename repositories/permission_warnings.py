"""What a person should know of a link's rights."""

from __future__ import annotations

from collections.abc import Mapping

from .hosting.registry import PLAIN_GIT

NEEDED = {
    "read": "to read the code",
    "write": "to push branches and to open pull requests",
    "admin": "to set up the webhook; by hand it works without",
}


def missing(provider: str, permissions: Mapping[str, bool]) -> dict[str, str]:
    """The rights that a link was seen not to have, and what each is needed for. Plain git tells of no rights but read."""
    if provider == PLAIN_GIT or not permissions:
        return {}
    return {right: purpose for right, purpose in NEEDED.items() if not permissions.get(right)}
