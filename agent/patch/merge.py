"""Puts the changes of placed hunks together: overlaps are recognised, line ends and the final newline survive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.patch.document import Document
from agent.patch.indentation import Shift, indent_of, shifted
from agent.patch.model import PatchHunk
from agent.patch.placement import Added, Placement, Refusal

MAX_SHIFTS = 20
"""Kinds of indentation in one file, beyond which no hunk tells what another's lines need."""

_PROBES = (*(" " * size for size in range(1, 25)), "\t", "\t\t", "\t\t\t")


def overlaps(hunks: Sequence[PatchHunk], found: Sequence[Placement | Refusal]) -> list[Placement | Refusal]:
    """``found`` with repeated hunks recognised, and those refused that would change what another one changes."""
    result: list[Placement | Refusal] = []
    deleting: dict[int, int] = {}
    inserting: dict[int, list[int]] = {}
    for number, place in enumerate(found):
        if isinstance(place, Placement) and not place.already:
            place = _beside(hunks, number, place, result, deleting, inserting)
            if isinstance(place, Placement) and not place.already:
                deleting.update(dict.fromkeys(place.deleted, number))
                for gap, _ in place.inserted:
                    inserting.setdefault(gap, []).append(number)
        result.append(place)
    for number, place in enumerate(result):
        if isinstance(place, Placement) and not place.already:
            other = _torn(place, number, deleting)
            if other is not None:
                result[number] = Refusal(
                    "overlap", f"it adds lines next to a line that edit {other + 1} removes", [place.start + 1]
                )
    return result


def _beside(
    hunks: Sequence[PatchHunk],
    mine: int,
    place: Placement,
    earlier: Sequence[Placement | Refusal],
    deleting: dict[int, int],
    inserting: dict[int, list[int]],
) -> Placement | Refusal:
    rivals = {deleting[at] for at in place.deleted if at in deleting}
    touching = {number for gap, _ in place.inserted for number in inserting.get(gap, ())}
    for number in sorted(rivals | touching):
        other = earlier[number]
        if not isinstance(other, Placement):
            continue
        if (other.deleted, other.inserted) == (place.deleted, place.inserted) and hunks[number].lines == hunks[mine].lines:
            return replace(place, already=True)
        if number in rivals or not (other.end <= place.start or place.end <= other.start):
            return Refusal("overlap", f"it changes the same lines as edit {number + 1}", [place.start + 1])
    if any(other.end == place.end == place.start == other.start for other in _of(earlier, touching)):
        return Refusal("overlap", "another edit adds lines at the same place, and their order is not known", [place.start + 1])
    return place


def _of(earlier: Sequence[Placement | Refusal], numbers: set[int]) -> list[Placement]:
    return [place for place in (earlier[number] for number in numbers) if isinstance(place, Placement)]


def _torn(place: Placement, number: int, deleting: dict[int, int]) -> int | None:
    """The other hunk that removes a line next to which this one adds, and which this one shows."""
    for gap, _ in place.inserted:
        for at in (gap - 1, gap):
            other = deleting.get(at)
            if other is not None and other != number and place.start <= at < place.end:
                return other
    return None


def like_the_others(hunks: Sequence[PatchHunk], found: list[Placement | Refusal]) -> None:
    """Gives the lines of hunks that show no indentation themselves the tabs or spaces that the file's other hunks got."""
    known = [place.shift for place in found if isinstance(place, Placement) and place.shift is not None]
    shifts = _distinct([shift for shift in known if shift("") == ""])
    if len(shifts) > MAX_SHIFTS:
        return
    for at, (hunk, place) in enumerate(zip(hunks, found, strict=True)):
        if not shifts or not isinstance(place, Placement) or place.shift is not None or any(map(indent_of, hunk.old())):
            continue
        inserted = []
        for gap, lines in place.inserted:
            moved = [shifted([line.text for line in lines], [], shift) for shift in shifts]
            if moved[0] is not None and all(other == moved[0] for other in moved):
                lines = tuple(replace(line, text=text) for line, text in zip(lines, moved[0], strict=True))
            inserted.append((gap, lines))
        found[at] = replace(place, inserted=tuple(inserted))


def _distinct(shifts: Sequence[Shift]) -> list[Shift]:
    """One of those that do the same to every usual indentation."""
    return list({tuple(map(shift, _PROBES)): shift for shift in reversed(shifts)}.values())[::-1]


@dataclass(frozen=True)
class _Insertion:
    order: tuple[int, int]
    lines: tuple[Added, ...]
    verbatim: bool
    after_removed: int | None


def merged(document: Document, placed: Sequence[tuple[PatchHunk, Placement]]) -> Document:
    """The document with the changes made."""
    active = [(hunk, place) for hunk, place in placed if not place.already]
    if not active:
        return document
    deleted = {at for _, place in active for at in place.deleted}
    gaps: dict[int, list[_Insertion]] = {}
    any_cr = any(line.cr for hunk, _ in placed for line in hunk.lines)
    for _, place in active:
        verbatim, gone = _verbatim(document, place, any_cr), frozenset(place.deleted)
        for gap, added_lines in place.inserted:
            removed = gap - 1 if gap - 1 in gone else gap if gap in gone else None
            gaps.setdefault(gap, []).append(_Insertion((place.start, place.end), added_lines, verbatim, removed))
    lines: list[str] = []
    ends: list[str] = []
    for at in range(len(document.lines) + 1):
        for insertion in sorted(gaps.get(at, ()), key=lambda one: one.order):
            usual = _end_near(document, insertion.after_removed, at)
            for added in insertion.lines:
                lines.append(added.text)
                ends.append(("\r\n" if added.cr else "\n") if insertion.verbatim else usual)
        if at < len(document.lines) and at not in deleted:
            lines.append(document.lines[at])
            ends.append(document.ends[at])
    _close(document, active, lines, ends)
    return replace(document, lines=lines, ends=ends)


def _verbatim(document: Document, place: Placement, any_cr: bool) -> bool:
    """True when the hunk's own carriage returns are those of the file, so that those of its added lines are meant."""
    shown = [(document.ends[at], cr) for at, cr in place.crs if document.ends[at]]
    if not shown:
        return any_cr and (not document.ends or "\r\n" in document.ends)
    return all((end == "\r\n") == cr for end, cr in shown) and "\r" not in {end for end, _ in shown}


def _end_near(document: Document, removed: int | None, gap: int) -> str:
    for at in (removed, gap - 1, gap):
        if at is not None and 0 <= at < len(document.ends) and document.ends[at]:
            return document.ends[at]
    return document.usual_end


def _close(document: Document, active: Sequence[tuple[PatchHunk, Placement]], lines: list[str], ends: list[str]) -> None:
    """Gives every line but the last an end, and the last one as the hunk that reaches it says, else as it was."""
    if not lines:
        return
    size = len(document.lines)
    bare = document.bare
    for hunk, place in active:
        if place.end < size and all(gap < size for gap, _ in place.inserted):
            continue
        if hunk.old_bare != hunk.new_bare and (hunk.new_bare or document.bare):
            bare = hunk.new_bare
    usual = next((end for end in reversed(ends) if end), document.usual_end)
    for at in range(len(ends)):
        last = at == len(ends) - 1
        if last and bare:
            ends[at] = ""
        elif not ends[at]:
            ends[at] = usual
