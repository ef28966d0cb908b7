"""Hunks whose new lines leave out some of the old ones: the hunk itself shows which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent.patch.elision import Elided, elisions, restored
from agent.patch.file_kinds import kind_of
from agent.patch.formats.search_replace import compared
from agent.patch.line_numbers import check_fresh
from agent.patch.model import PatchHunk


def completed(hunks: Sequence[PatchHunk], path: str, lines: Sequence[str]) -> list[PatchHunk]:
    """The hunks with the old lines where their new ones stand for them; ``lines`` are the file's. Raises ``Elided``."""
    return [_completed(hunk, path, lines) for hunk in hunks]


def doubt(hunks: Sequence[PatchHunk], path: str, lines: Sequence[str]) -> str | None:
    """Why what was taken for prose below a hunk may be the file's: in text for people any sentence may be."""
    if kind_of(path) != "text" or not any(hunk.below for hunk in hunks):
        return None
    known = frozenset(line.strip() for line in lines)
    said = next((line for hunk in hunks for line in hunk.below if line.strip() not in known), None)
    return None if said is None else f"a line below its hunk may be a part of it or said about it, {said.strip()[:80]!r}"


def check(old: Sequence[str], new: Sequence[str], path: str) -> None:
    """Raises ``Elided`` where the file would have a line that stands for others, and had none there before; ``Numbered``
    where its new lines have their numbers in them."""
    check_fresh(old, new)
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
    shown = frozenset(old)
    fresh = [at for at, line in enumerate(new) if line not in shown]
    if next(elisions(new, path, [*old, "", *lines], fresh, replaced=old), None) is None:
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
