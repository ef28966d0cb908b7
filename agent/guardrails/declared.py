"""What the manifests of a tree declare together, in a form that many imports are compared with."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from agent.stacks.manifests import is_manifest, names_in

MAX_CHARACTERS = 4 << 20
"""Of all manifests together; what the rest of them declares is not known."""
PER_FILE = 1_000
"""So many characters an empty one counts: opening it takes as long as reading them."""


@dataclass(frozen=True)
class Declared:
    """Lower-case ``names``; ``whole`` is False where there are more manifests than are read."""

    names: frozenset[str]
    whole: bool = True

    def any_begins_with(self, prefix: str) -> bool:
        at = bisect_left(self._sorted, prefix)
        return at < len(self._sorted) and self._sorted[at].startswith(prefix)

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.names)


def declared_in(paths: Iterable[str], text_of: Callable[[str], str | None]) -> Declared:
    """The manifests among ``paths``, those at the top first."""
    names: set[str] = set()
    left = MAX_CHARACTERS
    for path in sorted(filter(is_manifest, paths), key=lambda path: (path.count("/"), path)):
        text = text_of(path) or ""
        left -= len(text) + PER_FILE
        if left < 0:
            return Declared(frozenset(names), whole=False)
        names |= names_in(path, text)
    return Declared(frozenset(names))
