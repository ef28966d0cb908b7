"""Query parameters: unknown ones and invalid values are refused."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .errors import BadRequest

EVERYWHERE = frozenset({"workspace"})
"""The workspace, instead of the header."""


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """``known`` are those of the endpoint, in addition to EVERYWHERE. Raises BadRequest."""
    known = EVERYWHERE.union(known)
    if unknown := sorted(set(given) - known):
        raise BadRequest(f"Unknown query parameter {unknown[0]!r}. Use {', '.join(sorted(known))}.", field=unknown[0])


def whole_number(name: str, text: str, least: int, most: int) -> int:
    """The query parameter ``name`` as a number. Raises BadRequest."""
    if not re.fullmatch("[0-9]{1,12}", text) or not least <= int(text) <= most:
        raise BadRequest(f"{name} must be a whole number from {least} to {most}.", field=name)
    return int(text)
