"""Hunks whose new lines leave out some of the old ones: the hunk itself shows which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from agent.patch.elision import Elided, elisions, restored
from agent.patch.file_kinds import kind_of
from agent.patch.formats.search_replace import compared
from agent.patch.line_numbers import check_fresh
from agent.patch.model import PatchHunk

MAX_COMPARED = 400_000
"""Lines of the file that are looked at for context which stands for lines, all hunks together; beyond, it is taken as it is."""


def completed(hunks: Sequence[PatchHunk], path: str, lines: Sequence[str]) -> list[PatchHunk]:
    """The hunks with the old lines where their new ones stand for them, and without context that stands for lines at their
    edges; ``lines`` are the file's. Raises ``Elided``."""
    known = frozenset(map(str.strip, lines))
    looks = MAX_COMPARED // (len(lines) + 1)
    result = []
    for hunk in hunks:
        unknown = [] if hunk.alternatives or looks <= 0 else _unknown_context(hunk, known)
        if unknown:
            looks -= 1
            hunk = _without_elided_context(hunk, path, lines, unknown)
        result.append(_completed(hunk, path, lines))
    return result


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


def _unknown_context(hunk: PatchHunk, known: frozenset[str]) -> list[int]:
    """Which of the hunk's old lines are context that the file does not have; ``known`` are its lines without the space around
    them."""
    old = [line for line in hunk.lines if line.tag != "+"]
    return [at for at, line in enumerate(old) if line.tag in " ?" and line.text.strip() and line.text.strip() not in known]


def _without_elided_context(hunk: PatchHunk, path: str, lines: Sequence[str], among: Sequence[int]) -> PatchHunk:
    """The hunk without lines of context at its edges that stand for lines of the file; those between are dots. They are
    ``among`` its old lines."""
    old = [line for line in hunk.lines if line.tag != "+"]
    gone = {id(old[at]) for at in elisions([line.text for line in old], path, lines, among)}
    if not gone:
        return hunk
    first = next((at for at, line in enumerate(hunk.lines) if id(line) not in gone), len(hunk.lines))
    stop = next((at for at in range(len(hunk.lines), first, -1) if id(hunk.lines[at - 1]) not in gone), first)
    if all(line.tag == "+" for line in hunk.lines[first:stop]):
        return hunk
    kept = [replace(line, tag=" ", text="...") if id(line) in gone else line for line in hunk.lines[first:stop]]
    if first == 0:
        # its first line is where the header says; where the others end, the header counted lines that are not there
        return replace(hunk, lines=tuple(kept), old_count=None, new_count=None)
    return replace(hunk, lines=tuple(kept), old_start=None, old_count=None, new_start=None, new_count=None)


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
    alike = _with_the_same_marks(old, new, path, lines)
    whole = restored(old, new, path) if alike is None else alike
    if whole is None:
        return hunk
    return replace(hunk, lines=tuple(compared(old, whole)), new_count=None if hunk.new_count is None else len(whole))


def _with_the_same_marks(old: Sequence[str], new: Sequence[str], path: str, lines: Sequence[str]) -> list[str] | None:
    """``new`` with the lines of ``old`` that stand for others in the place of its own, as both leave out the same; None where
    ``old`` has none. Raises ``Elided`` where that is not clear: there are not as many, or they say it in other words and have
    other lines beside them, which may be removed or meant to be left out as well."""
    known = frozenset(lines)
    ours, theirs = (
        list(elisions(side, path, lines, [at for at, line in enumerate(side) if line not in known])) for side in (old, new)
    )
    if not ours or not theirs:
        return None
    result = list(new)
    for mine, other in zip_longest(ours, theirs):
        if mine is None or other is None:
            raise Elided(theirs[0] + 1, new[theirs[0]].strip())
        if old[mine].strip() != new[other].strip() and _around(old, mine) != _around(new, other):
            raise Elided(other + 1, new[other].strip())
        result[other] = old[mine]
    return result


def _around(lines: Sequence[str], at: int) -> tuple[Sequence[str], Sequence[str]]:
    return lines[max(at - 1, 0) : at], lines[at + 1 : at + 2]


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
