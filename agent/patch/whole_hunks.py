"""Hunks whose new lines leave out some of the old ones: the hunk itself shows which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent.patch.elision import Elided, elisions, restored
from agent.patch.formats.search_replace import compared
from agent.patch.model import PatchHunk


def completed(hunks: Sequence[PatchHunk], path: str, lines: Sequence[str]) -> list[PatchHunk]:
    """The hunks with the old lines where their new ones stand for them; ``lines`` are the file's. Raises ``Elided``."""
    return [_completed(hunk, path, lines) for hunk in hunks]


def check(old: Sequence[str], new: Sequence[str], path: str) -> None:
    """Raises ``Elided`` where the file would have a line that stands for others, and had none there before."""
    known = frozenset(old)
    fresh = [at for at, line in enumerate(new) if line not in known]
    if not fresh:
        return
    found = next(elisions(new, path, old, fresh), None)
    if found is not None:
        raise Elided(found + 1, new[found].strip())


def _completed(hunk: PatchHunk, path: str, lines: Sequence[str]) -> PatchHunk:
    if hunk.alternatives:
        return replace(hunk, alternatives=_readable(hunk.alternatives, path, lines))
    if not any(line.tag == "+" and line.text.strip() for line in hunk.lines):
        return hunk
    old, new = hunk.old(), hunk.new()
    if next(elisions(new, path, [*old, "", *lines]), None) is None:
        return hunk
    whole = restored(old, new, path)
    if whole is None:
        return hunk
    return replace(hunk, lines=tuple(compared(old, whole)), new_count=None if hunk.new_count is None else len(whole))


def _readable(ways: Sequence[PatchHunk], path: str, lines: Sequence[str]) -> list[PatchHunk]:
    """Those of several readings that leave out nothing, or say what. Raises ``Elided`` where none does."""
    found: list[PatchHunk] = []
    lost: Elided | None = None
    for way in ways:
        try:
            found.append(_completed(way, path, lines))
        except Elided as error:
            lost = error
    if not found and lost is not None:
        raise lost
    return found
