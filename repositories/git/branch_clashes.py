"""Branches that can't be beside each other: git keeps a branch as a file and `a/b` below a directory `a`, so that no branch can
be called `a` and another one `a/b`; where a file system ignores case (macOS, Windows), neither `A` and `a/b`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

HEADS = "refs/heads/"


def patterns(names: Iterable[str]) -> list[str]:
    """The patterns for `git ls-remote` that find whatever stands in the way of branches of these ``names`` (ASCII)."""
    return list(dict.fromkeys(pattern for name in names for pattern in _patterns(name)))


def blocker(name: str, heads: Iterable[str]) -> str:
    """The first of ``heads`` beside which no branch can have this ``name``, "" if it is free."""
    wanted = name.lower()
    return next((head for head in sorted(heads) if _clash(wanted, head.lower())), "")


def _clash(name: str, head: str) -> bool:
    return name == head or name.startswith(f"{head}/") or head.startswith(f"{name}/")


def _patterns(name: str) -> Iterator[str]:
    anycase = "".join(f"[{letter.lower()}{letter.upper()}]" if letter.isalpha() else letter for letter in name)
    parts = anycase.split("/")
    for depth in range(1, len(parts) + 1):
        yield HEADS + "/".join(parts[:depth])
    yield f"{HEADS}{anycase}/*"
