"""Finds the place of a hunk, level by level; where several are possible, none is chosen.

The ladder: exact at the stated place, exact elsewhere, trailing space, uniform indentation, Unicode punctuation, anchors. A
hunk that stands exactly where it says applies there; any other place must be the only one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, groupby

from agent.patch import anchors, blank_lines, prefix_recovery, stale_edges
from agent.patch.fitting import Surroundings
from agent.patch.index import EXACT, INDENTATION, PUNCTUATION, TRAILING, Index
from agent.patch.levels import ANCHORS, ELSEWHERE, at_level, offset_of
from agent.patch.line_numbers import numbers_of_new_lines, without_numbers
from agent.patch.model import Line, PatchHunk
from agent.patch.placement import Placement, Refusal, placed


@dataclass(frozen=True)
class Evidence:
    """What is known of a file before one hunk of it is looked for: ``drift`` is the offset (in lines) of the nearest hunk that
    has only one place, None where none has; ``other`` that of the nearest one on its other side."""

    drift: int | None = None
    other: int | None = None


def find(hunk: PatchHunk, index: Index, evidence: Evidence) -> Placement | Refusal:
    """The hunk's place in the file of ``index``, or why it has none."""
    found = _find_as_sent(hunk, index, evidence)
    if isinstance(found, Refusal) and found.code in ("not_found", "unreadable"):
        bare = without_numbers(hunk, index)
        other = _find_as_sent(bare, index, Evidence()) if bare is not None else found
        return other if isinstance(other, Placement) else found
    if isinstance(found, Placement) and prefix_recovery.sign_may_be_text(hunk, index, found):
        return Refusal(
            "ambiguous", "what looks like a line's plus or minus is how a line of the file begins there", [found.start + 1]
        )
    return found


def _find_as_sent(hunk: PatchHunk, index: Index, evidence: Evidence) -> Placement | Refusal:
    shorter = _without_blank_end(hunk)
    if shorter is not None:
        whole = _find(hunk, index, evidence)
        return whole if isinstance(whole, Placement) else _find(shorter, index, evidence)
    return _find(hunk, index, evidence)


def _without_blank_end(hunk: PatchHunk) -> PatchHunk | None:
    """The hunk without blank lines at its end that may only stand between it and what follows in the answer."""
    lines = list(hunk.lines)
    while lines and lines[-1].tag == "?" and not lines[-1].text:
        lines.pop()
    return replace(hunk, lines=lines) if len(lines) < len(hunk.lines) else None


def _find(hunk: PatchHunk, index: Index, evidence: Evidence) -> Placement | Refusal:
    if hunk.alternatives:
        return _only_one([(other, find(other, index, evidence)) for other in hunk.alternatives], index)
    if not any(line.tag in "+-?" for line in hunk.lines) and not prefix_recovery.lost_prefixes(hunk):
        return Refusal("no_change", "it has no added and no removed line")
    unclear = any(line.tag == "?" for line in hunk.lines)
    firm = replace(hunk, lines=[_as_context(line) for line in hunk.lines])
    if unclear and any(line.tag == "?" and line.text.strip() for line in hunk.lines):
        return prefix_recovery.find(hunk, index)
    if not any(line.tag in "+-" for line in hunk.lines):
        return prefix_recovery.find(hunk, index)
    found = _climb(firm, index, evidence)
    if isinstance(found, Placement) and found.level in (EXACT, ELSEWHERE):
        return _unless_numbers_differ(hunk, index, found)
    if isinstance(found, Refusal) and found.code not in ("not_found", "indentation"):
        return found
    mended = prefix_recovery.find(hunk, index)
    if isinstance(mended, Placement) and isinstance(found, Placement):
        return _of_two(found, mended, index)
    if isinstance(mended, Placement) or (unclear and mended.code == "ambiguous"):
        return mended
    if isinstance(found, Placement) or found.code == "indentation":
        return mended if isinstance(found, Placement) and _needs_a_new_line(hunk, found) else found
    if prefix_recovery.lost_prefixes(hunk):
        stale = stale_edges.find(firm, index, evidence.drift) if mended.code == "unreadable" else None
        return stale or mended
    if hunk.old_count is not None and any(line.tag == "+" and not line.raw for line in hunk.lines):
        return found  # only the counts say that a blank line is new, and they may be of what does not fit here
    blank = blank_lines.find(firm, index)
    if blank is not None:
        return blank
    return (
        stale_edges.find(firm, index, evidence.drift)
        or anchors.find(firm, index, evidence.drift)
        or _without_blank_edges(firm, index, evidence)
        or found
    )


def _without_blank_edges(hunk: PatchHunk, index: Index, evidence: Evidence) -> Placement | None:
    """The place of a hunk without numbers whose outermost blank lines are not in the file."""
    lines = list(hunk.lines)
    while lines and lines[-1].tag == " " and not lines[-1].text.strip():
        lines.pop()
    lines = list(dropwhile(lambda line: line.tag == " " and not line.text.strip(), lines))
    if hunk.old_start is not None or hunk.at_end or len(lines) == len(hunk.lines) or all(line.tag == "+" for line in lines):
        return None
    found = _climb(replace(hunk, lines=lines), index, evidence)
    return replace(found, level=ANCHORS) if isinstance(found, Placement) and not found.already else None


def _unless_numbers_differ(hunk: PatchHunk, index: Index, found: Placement) -> Placement | Refusal:
    """``found``, unless the header's counts say that a line of context is a new one, and at its line the hunk fits so: where
    the hunk has no line twice, the context that stands there is believed, unless the counts leave none."""
    lost = prefix_recovery.lost_prefixes(hunk)
    if not lost:
        return found
    is_all = lost >= sum(line.tag in " ?" for line in hunk.lines)
    if found.level == EXACT and not is_all and not _repeats_context(hunk):
        return found
    other = prefix_recovery.find(hunk, index)
    if is_all and not isinstance(other, Placement):
        return other
    if not isinstance(other, Placement) or other.level != EXACT or (other.start == found.start and not _differ(other, found)):
        return found
    places = sorted({other.start + 1, found.start + 1})
    return Refusal("ambiguous", "its numbers say that a line without a plus is a new one, and the file has that line", places)


def _needs_a_new_line(hunk: PatchHunk, found: Placement) -> bool:
    """True when the header's counts say that a line without a plus is a new one, and it is context only where space or
    punctuation does not count."""
    lost = prefix_recovery.lost_prefixes(hunk)
    return lost > 0 and (found.level != TRAILING or lost >= sum(line.tag in " ?" for line in hunk.lines))


def _repeats_context(hunk: PatchHunk) -> bool:
    """True when a line with words stands twice in the context, so that one of the two may be new."""
    texts = [line.text for line in hunk.lines if line.tag == " " and any(map(str.isalnum, line.text))]
    return len(set(texts)) < len(texts)


def _differ(one: Placement, other: Placement) -> bool:
    return (one.already, one.deleted, one.inserted) != (other.already, other.deleted, other.inserted)


def _of_two(outdented: Placement, unprefixed: Placement, index: Index) -> Placement | Refusal:
    """A hunk that stands there in another indentation, and also where its context has no prefix: what it adds then has a space
    more or less, and the way that fits the lines around is meant."""
    ways = [outdented, unprefixed]
    if outdented.start == unprefixed.start and outdented.inserted == unprefixed.inserted:
        return unprefixed
    best = None
    if outdented.start == unprefixed.start and not outdented.already and not unprefixed.already:
        around = Surroundings(index.lines, outdented.start, outdented.end)
        best = around.best([[line.text for _, lines in way.inserted for line in lines] for way in ways])
    if best is not None:
        return ways[best]
    places = sorted({way.start + 1 for way in ways})
    return Refusal("ambiguous", "it can be read in two ways, with its lines' indentation or without their prefix", places, ways)


def _as_context(line: Line) -> Line:
    return Line(" ", line.text, line.raw, line.cr) if line.tag == "?" else line


def _only_one(found: Sequence[tuple[PatchHunk, Placement | Refusal]], index: Index) -> Placement | Refusal:
    """The place of the one reading that fits; of several that stand there word for word, the one that shows the most."""
    fits = [(hunk, place) for hunk, place in found if isinstance(place, Placement)]
    if len(fits) > 1:
        fits = [(hunk, place) for hunk, place in fits if not (place.already and _has_unknown_divider(hunk, index))] or fits
    if len({place.already for _, place in fits}) > 1:
        return Refusal("ambiguous", "it can be read in several ways that all fit", [place.start + 1 for _, place in fits])
    if len(fits) > 1 and all(place.level in (EXACT, ELSEWHERE) for _, place in fits):
        most = max(len(hunk.old()) for hunk, _ in fits)
        fits = [(hunk, place) for hunk, place in fits if len(hunk.old()) == most]
    if len(fits) == 1:
        return fits[0][1]
    if fits:
        return Refusal("ambiguous", "it can be read in several ways that all fit", [place.start + 1 for _, place in fits])
    return found[0][1]


def _has_unknown_divider(hunk: PatchHunk, index: Index) -> bool:
    """True for a reading that takes a line of ``=`` for one of the file, which has none: it fits by its result only."""
    old = (line.text.strip() for line in hunk.lines if line.tag != "+")
    return any(text and not text.strip("=") and text not in index.stripped for text in old)


def _climb(hunk: PatchHunk, index: Index, evidence: Evidence) -> Placement | Refusal:
    old = hunk.old()
    if not old:
        return _by_number(hunk, index, evidence)
    stated = hunk.old_start - 1 if hunk.old_start is not None else None
    here = stated if stated is not None and index.stands_at(EXACT, old, stated) and _ends_right(hunk, index, stated) else None
    if here is not None:
        return _at_stated_place(hunk, index, here, evidence)
    done = _already_there(hunk, index, stated)
    if done is not None and done[1] and not (stated is not None and _nearly_at(hunk, index, stated)):
        return _done_or_to_do(hunk, index, done[0])
    for level in (EXACT, TRAILING, INDENTATION, PUNCTUATION):
        places = [at for at in index.find(level, old) if _ends_right(hunk, index, at)]
        if not places:
            continue
        chosen = _choose(hunk, index, level, places, stated, evidence)
        if isinstance(chosen, Refusal):
            return chosen
        if not any(line.strip() for line in old):
            return Refusal("too_little", "it shows only blank lines, and they are not at the stated line", [chosen + 1])
        if _has_it_already(hunk, index, chosen):
            if stated is not None and evidence.drift and chosen == stated + evidence.drift:
                return Refusal(
                    "ambiguous", "it fits where the other edits say, and its result stands there as well", [chosen + 1]
                )
            return Placement("exact", chosen, already=True, offset=offset_of(chosen, stated))
        return at_level(hunk, index, level, chosen, stated)
    return done[0] if done is not None else Refusal("not_found", _missing(hunk, index))


def _at_stated_place(hunk: PatchHunk, index: Index, at: int, evidence: Evidence) -> Placement | Refusal:
    old = hunk.old()
    new = hunk.new()
    repeated = hunk.trailing() < hunk.leading() and at + len(old) < len(index.lines)
    if repeated and len(new) > len(old) and index.stands_at(EXACT, new, at):
        return Placement(EXACT, at, already=True)
    drift = evidence.drift or 0
    rivals = [at + drift] if drift and index.stands_at(EXACT, old, at + drift) else []
    if not rivals and not hunk.coherent and hunk.old_count is not None and hunk.old_count > len(old):
        # lines of context are missing: the stated line is that of one of them, the place may be a little further down
        slack = hunk.old_count - len(old)
        rivals = [at + n for n in range(1, min(slack, 10) + 1) if index.stands_at(EXACT, old, at + n)]
    if rivals:
        return Refusal(
            "ambiguous", "it fits in several places near the stated line", [at + 1, *(rival + 1 for rival in rivals)]
        )
    return placed(hunk, EXACT, at)


def _choose(
    hunk: PatchHunk, index: Index, level: str, places: Sequence[int], stated: int | None, evidence: Evidence
) -> int | Refusal:
    if level != EXACT and hunk.coherent and stated in places:
        return stated if stated is not None else places[0]
    if len(places) == 1:
        only = places[0]
        looser = next(
            (
                other
                for other in (TRAILING, INDENTATION, PUNCTUATION)
                if stated is not None and hunk.coherent and only != stated and index.stands_at(other, hunk.old(), stated)
            ),
            None,
        )
        if looser and stated is not None and only != stated + (evidence.drift or 0):
            return Refusal("ambiguous", "it nearly fits at the stated line, and exactly elsewhere", [stated + 1, only + 1])
        return only
    if stated is not None and evidence.drift is not None and stated + evidence.drift in places:
        rival = evidence.other is not None and evidence.other != evidence.drift and stated + evidence.other in places
        if not rival:
            return stated + evidence.drift
    if hunk.anchors:
        below = index.sections.inside(hunk.anchors, places)
        if len(below) == 1:
            return below[0]
    apart = level.replace("_", " ")
    where = (
        "the same lines occur in several places"
        if level == EXACT
        else f"the same lines occur in several places ({apart} apart)"
    )
    return Refusal("ambiguous", where, [at + 1 for at in places])


def _by_number(hunk: PatchHunk, index: Index, evidence: Evidence) -> Placement | Refusal:
    """A hunk that only adds and shows nothing around it: its number is all there is, so it must be beyond doubt."""
    if numbers_of_new_lines(hunk):
        return Refusal("unreadable", "its new lines begin with their line numbers, which may not belong to the file")
    if not index.lines:
        return placed(hunk, EXACT, 0)
    if hunk.at_end:
        done = index.stands_at(EXACT, hunk.new(), len(index.lines) - len(hunk.new()))
        return Placement(EXACT, len(index.lines), already=True) if done else placed(hunk, EXACT, len(index.lines))
    if not hunk.coherent or hunk.old_start is None:
        return Refusal("no_context", "it shows no line of the file, so its place is not known")
    if evidence.drift or hunk.old_start > len(index.lines):
        return Refusal("no_context", "it shows no line of the file, and its line numbers are not those of the file")
    return placed(hunk, EXACT, hunk.old_start)


def _nearly_at(hunk: PatchHunk, index: Index, stated: int) -> bool:
    """True when the old lines stand at the stated place but for trailing space, and the change is not one of that."""
    old, new = hunk.old(), hunk.new()
    return index.stands_at(TRAILING, old, stated) and [*map(str.rstrip, old)] != [*map(str.rstrip, new)]


def _already_there(hunk: PatchHunk, index: Index, stated: int | None) -> tuple[Placement, bool] | None:
    """The place where the hunk's result stands already, and whether that is where the hunk says."""
    new = hunk.new()
    adds = any(line.tag == "+" and line.text.strip() for line in hunk.lines)
    if not new or not (adds or (hunk.leading() and hunk.trailing())) or not any(line.strip() for line in new):
        return None
    for start in (hunk.new_start, hunk.old_start):
        if start is not None and index.stands_at(EXACT, new, start - 1):
            return Placement(EXACT, start - 1, already=True, offset=offset_of(start - 1, stated)), True
    places = index.find(EXACT, new, 2)
    if len(places) != 1 or (not adds and len(new) < 3) or _still_there(hunk, index) or not _says_something(hunk, new):
        return None
    return Placement(ELSEWHERE, places[0], already=True, offset=offset_of(places[0], stated)), False


def _done_or_to_do(hunk: PatchHunk, index: Index, done: Placement) -> Placement | Refusal:
    """``done``, unless what the hunk changes stands elsewhere as it was before: its number may be wrong, or it is the change
    of a twin that was made there already."""
    old, new = hunk.old(), hunk.new()
    if not any(line.tag == "-" and line.text.strip() for line in hunk.lines) or [*map(str.rstrip, old)] == [
        *map(str.rstrip, new)
    ]:
        return done
    places = next((places for level in (EXACT, TRAILING, INDENTATION) if (places := index.find(level, old, 3))), [])
    if not places and not _is_framed(hunk):
        places = [at - before for run, before in _removed_runs(hunk) for at in _with_a_neighbour(hunk, run, before, index)]
    elsewhere = [at for at in places if at + len(old) <= done.start or at >= done.start + len(new)]
    if not elsewhere:
        return done
    return Refusal(
        "ambiguous", "its result stands at the stated line already, and what it changes stands elsewhere",
        [done.start + 1, *(max(at, 0) + 1 for at in elsewhere)],
    )  # fmt: skip


def _is_framed(hunk: PatchHunk) -> bool:
    """True when there are words in the context on both sides, so that where it stands is hardly by chance."""
    above, below = hunk.lines[: hunk.leading()], hunk.lines[len(hunk.lines) - hunk.trailing() :]
    return all(any(char.isalnum() for line in side for char in line.text) for side in (above, below))


def _removed_runs(hunk: PatchHunk) -> Iterator[tuple[list[str], int]]:
    """The lines that the hunk removes together, and how many of its old lines are before them."""
    before = 0
    for tag, group in groupby(hunk.lines, key=lambda line: line.tag):
        texts = [line.text for line in group]
        if tag == "-" and any(map(str.strip, texts)):
            yield texts, before
        before += len(texts) if tag != "+" else 0


def _with_a_neighbour(hunk: PatchHunk, run: Sequence[str], before: int, index: Index) -> list[int]:
    """The only place where the removed ``run`` stands, if a line with words beside it there is the hunk's own."""
    places = index.find(EXACT, run, 2)
    if len(places) != 1:
        return []
    old, at, after = hunk.old(), places[0], before + len(run)
    around = [(before - 1, at - 1), (after, at + len(run))]
    same = (
        old[ours] == index.lines[theirs] and any(map(str.isalnum, old[ours]))
        for ours, theirs in around
        if 0 <= ours < len(old) and 0 <= theirs < len(index.lines)
    )
    return places if any(same) else []


def _still_there(hunk: PatchHunk, index: Index) -> bool:
    """True when lines that the hunk removes stand in the file: together, or one of them where its context tells no place."""
    runs = [run for run, _ in _removed_runs(hunk)]
    if not _is_framed(hunk):
        runs += [[line] for run in runs for line in run if any(map(str.isalnum, line))]
    return any(index.find(EXACT, run, 1) for run in runs)


def _says_something(hunk: PatchHunk, new: Sequence[str]) -> bool:
    """False where the result is a line such as a bracket, which stands in a file by chance, or where the hunk marks no change
    or has lost some by its counts, and its numbers are of another place."""
    if hunk.old_count is not None and not hunk.coherent:
        return False
    return any(line.tag in "+-" for line in hunk.lines) and any(char.isalnum() for line in new for char in line)


def _has_it_already(hunk: PatchHunk, index: Index, at: int) -> bool:
    """True when the lines at ``at`` are part of the hunk's result, which stands there as a whole."""
    new, size = hunk.new(), len(hunk.old())
    if not any(line.tag == "+" for line in hunk.lines):
        return False
    return any(start <= at and at + size <= start + len(new) for start in index.find(EXACT, new))


def _ends_right(hunk: PatchHunk, index: Index, at: int) -> bool:
    return not hunk.at_end or at + len(hunk.old()) == len(index.lines)


def _missing(hunk: PatchHunk, index: Index) -> str:
    known = index.stripped
    for line in hunk.lines:
        if line.tag != "+" and line.text.strip() and line.text.strip() not in known:
            what = "removed" if line.tag == "-" else "context"
            shown = line.text.strip()
            return f"its {what} line {shown[:80]!r} is not in the file"
    return "its lines are in the file, but not consecutively"
