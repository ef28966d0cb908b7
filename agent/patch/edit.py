"""All hunks of one file: each finds its place, then their changes are put together into the new file."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.patch import match
from agent.patch.byte_order_mark import without_marks
from agent.patch.document import Document
from agent.patch.index import EXACT, Index
from agent.patch.levels import ELSEWHERE
from agent.patch.merge import like_the_others, merged, overlaps
from agent.patch.model import PatchHunk
from agent.patch.placement import Placement, Refusal
from agent.patch.prefix_recovery import lost_prefixes, with_blank_lines_added
from agent.patch.well_formed import prefer_what_parses

MAX_ROUNDS = 8
"""A hunk may need what another one makes; so many times the file is looked at again."""


@dataclass(frozen=True)
class Edited:
    """The new lines and what became of each hunk, in the order of the answer."""

    document: Document
    found: Sequence[Placement | Refusal]


def edit(document: Document, hunks: Sequence[PatchHunk], path: str = "") -> Edited:
    """Applies those of ``hunks`` that have a place. Nothing is written; the caller decides what a refusal means. ``path`` tells
    by which parser one of several readings of a hunk may be preferred."""
    hunks, unmarking = without_marks(document, [with_blank_lines_added(hunk) for hunk in hunks])
    found: list[Placement | Refusal] = [Refusal("not_found", "")] * len(hunks)
    waiting = list(range(len(hunks)))
    for number in range(MAX_ROUNDS):
        round_ = _places(document, [hunks[at] for at in waiting], path, numbers_hold=number == 0)
        progress: set[int] = set()
        for at, place in zip(waiting, round_, strict=True):
            if isinstance(place, Placement) or number == 0 or place.code not in ("not_found", "unreadable"):
                found[at] = place
            if isinstance(place, Placement):
                progress.add(at)
        applied = [(hunks[at], found[at]) for at in sorted(progress)]
        document = merged(document, [(hunk, place) for hunk, place in applied if isinstance(place, Placement)])
        waiting = [at for at in waiting if _may_wait(found[at]) and at not in progress]
        if not waiting or not any(isinstance(place, Placement) and not place.already for _, place in applied):
            break
    if any(isinstance(found[at], Placement) for at in unmarking):
        document = replace(document, mark=b"")
    return Edited(document, found)


def _size(hunk: PatchHunk) -> int:
    return len(hunk.lines) + sum(len(other.lines) for other in hunk.alternatives)


def _may_wait(place: Placement | Refusal) -> bool:
    return isinstance(place, Refusal) and place.code in ("not_found", "unreadable")


def _places(document: Document, hunks: Sequence[PatchHunk], path: str, *, numbers_hold: bool) -> list[Placement | Refusal]:
    index = Index(document.lines, sum(_size(hunk) for hunk in hunks))
    if not numbers_hold:
        return overlaps(hunks, [_again(hunk, index) for hunk in hunks])
    found = [match.find(hunk, index, match.Evidence()) for hunk in hunks]
    sure = sorted(
        (hunk.old_start, place.offset)
        for hunk, place in zip(hunks, found, strict=True)
        if isinstance(place, Placement) and hunk.old_start is not None and _is_sure(hunk, place, index)
    )
    drifted = any(offset for _, offset in sure)
    for at, (hunk, place) in enumerate(zip(hunks, found, strict=True)):
        unsure = isinstance(place, Refusal) and place.code in ("ambiguous", "not_found")
        if sure and hunk.old_start is not None and (unsure or drifted):
            found[at] = match.find(hunk, index, _evidence(sure, hunk.old_start))
    prefer_what_parses(document, path, hunks, found)
    _doubt_what_others_make(hunks, found)
    _doubt_what_is_there_by_chance(hunks, found, index)
    like_the_others(hunks, found)
    return overlaps(hunks, found)


def _is_sure(hunk: PatchHunk, place: Placement, index: Index) -> bool:
    return place.level in (EXACT, ELSEWHERE) and bool(hunk.old()) and len(index.find(EXACT, hunk.old(), 2)) == 1


def _evidence(sure: Sequence[tuple[int, int]], start: int) -> match.Evidence:
    at = bisect_left(sure, (start, -(1 << 60)))
    before = sure[at - 1][1] if at else None
    after = next((offset for line, offset in sure[at : at + 2] if line > start), None)
    return match.Evidence(before, after) if before is not None else match.Evidence(after)


def _again(hunk: PatchHunk, index: Index) -> Placement | Refusal:
    """A hunk that shows what another one made: its numbers say nothing, so only exact and unique counts. A line that may have
    lost its plus shows nothing."""
    if hunk.alternatives or not hunk.old() or lost_prefixes(hunk) or any(line.tag == "?" and line.text for line in hunk.lines):
        return Refusal("not_found", "its lines are not in the file")
    places = index.find(EXACT, hunk.old(), 2)
    if len(places) != 1:
        return (
            Refusal("not_found", "its lines are not in the file")
            if not places
            else Refusal("ambiguous", "the same lines occur in several places", [place + 1 for place in places])
        )
    plain = PatchHunk(hunk.lines, anchors=hunk.anchors, old_bare=hunk.old_bare, new_bare=hunk.new_bare, at_end=hunk.at_end)
    return match.find(plain, index, match.Evidence())


def _doubt_what_others_make(hunks: Sequence[PatchHunk], found: list[Placement | Refusal]) -> None:
    """Refuses a hunk without a number whose lines an earlier hunk makes a second time: either may be meant."""
    unnumbered = [at for at, hunk in enumerate(hunks) if hunk.old_start is None and not hunk.alternatives]
    if len(unnumbered) < 2:
        return
    made: list[str] = []
    owner: list[int] = []
    for at in unnumbered:
        new = hunks[at].new()
        made += [*new, f"\0{at}"]
        owner += [at] * (len(new) + 1)
    index = Index(made, len(made))
    fresh = [line for at in unnumbered for line in (*_freshness(hunks[at]), False)]
    for at in unnumbered:
        old, place = hunks[at].old(), found[at]
        if not old or not isinstance(place, Placement) or place.already:
            continue
        for start in index.find(EXACT, old):
            if owner[start] < at and any(fresh[start : start + len(old)]):
                found[at] = Refusal("ambiguous", "an earlier edit adds the same lines a second time", [place.start + 1])


def _doubt_what_is_there_by_chance(hunks: Sequence[PatchHunk], found: list[Placement | Refusal], index: Index) -> None:
    """Refuses a hunk that seems done already where its result may stand there by chance. One without a number: all that it adds
    it shows as context as well, or some of it does and others beside it are not done. One with a number: a line that it has
    twice may be the one that lost its plus."""
    some_are_to_do = any(isinstance(place, Placement) and not place.already for place in found)
    for at, (hunk, place) in enumerate(zip(hunks, found, strict=True)):
        if not isinstance(place, Placement) or not place.already or hunk.alternatives:
            continue
        if hunk.old_start is not None:
            if lost_prefixes(hunk) and _has_a_line_twice(hunk):
                found[at] = Refusal("ambiguous", "it may be done already or not, as it repeats a line", [place.start + 1])
            continue
        shown = {line.text for line in hunk.lines if line.tag == " " and line.text.strip()}
        repeats = [line.text in shown for line in hunk.lines if line.tag == "+" and line.text.strip()]
        is_doubted = any(repeats) if some_are_to_do else bool(repeats) and all(repeats)
        if is_doubted and index.find(EXACT, hunk.old(), 1):
            found[at] = Refusal("ambiguous", "it may be done already or not, as it repeats a line", [place.start + 1])


def _has_a_line_twice(hunk: PatchHunk) -> bool:
    texts = [line.text for line in hunk.lines if line.tag != "-" and line.text.strip()]
    return len(set(texts)) < len(texts)


def _freshness(hunk: PatchHunk) -> list[bool]:
    return [line.tag == "+" for line in hunk.lines if line.tag != "-"]
