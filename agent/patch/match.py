"""Finds the place of a hunk, level by level; where several are possible, none is chosen.

The ladder: exact at the stated place, exact elsewhere, trailing space, uniform indentation, Unicode punctuation, anchors. A
hunk that stands exactly where it says applies there; any other place must be the only one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile, groupby

from agent.patch import anchors, prefix_recovery
from agent.patch.indentation import rule, shifted
from agent.patch.index import EXACT, INDENTATION, PUNCTUATION, TRAILING, Index
from agent.patch.model import Line, PatchHunk
from agent.patch.placement import Placement, Refusal, placed
from agent.patch.punctuation import carried, observed, plain

ELSEWHERE = "exact_elsewhere"


@dataclass(frozen=True)
class Evidence:
    """What is known of a file before one hunk of it is looked for: ``drift`` is the offset (in lines) of the nearest hunk that
    has only one place, None where none has; ``other`` that of the nearest one on its other side."""

    drift: int | None = None
    other: int | None = None


def find(hunk: PatchHunk, index: Index, evidence: Evidence) -> Placement | Refusal:
    """The hunk's place in the file of ``index``, or why it has none."""
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
        return _only_one([(other, find(other, index, evidence)) for other in hunk.alternatives])
    if not any(line.tag in "+-?" for line in hunk.lines) and not prefix_recovery.lost_prefixes(hunk):
        return Refusal("no_change", "it has no added and no removed line")
    unclear = any(line.tag == "?" for line in hunk.lines)
    firm = replace(hunk, lines=[_as_context(line) for line in hunk.lines])
    if unclear and any(line.tag == "?" and line.text.strip() for line in hunk.lines):
        return prefix_recovery.find(hunk, index)
    found = _climb(firm, index, evidence)
    if isinstance(found, Placement) and found.level in (EXACT, ELSEWHERE):
        return found
    if isinstance(found, Refusal) and found.code not in ("not_found", "indentation"):
        return found
    mended = prefix_recovery.find(hunk, index)
    if isinstance(mended, Placement) or (unclear and mended.code == "ambiguous"):
        return mended
    if isinstance(found, Placement) or found.code == "indentation":
        return found
    if prefix_recovery.lost_prefixes(hunk):
        return mended
    return anchors.find(firm, index, evidence.drift) or _without_blank_edges(firm, index, evidence) or found


def _without_blank_edges(hunk: PatchHunk, index: Index, evidence: Evidence) -> Placement | None:
    """The place of a hunk without numbers whose outermost blank lines are not in the file."""
    lines = list(hunk.lines)
    while lines and lines[-1].tag == " " and not lines[-1].text.strip():
        lines.pop()
    lines = list(dropwhile(lambda line: line.tag == " " and not line.text.strip(), lines))
    if hunk.old_start is not None or hunk.at_end or len(lines) == len(hunk.lines) or all(line.tag == "+" for line in lines):
        return None
    found = _climb(replace(hunk, lines=lines), index, evidence)
    return replace(found, level=anchors.LEVEL) if isinstance(found, Placement) and not found.already else None


def _as_context(line: Line) -> Line:
    return Line(" ", line.text, line.raw, line.cr) if line.tag == "?" else line


def _only_one(found: Sequence[tuple[PatchHunk, Placement | Refusal]]) -> Placement | Refusal:
    """The place of the one reading that fits; of several that stand there word for word, the one that shows the most."""
    fits = [(hunk, place) for hunk, place in found if isinstance(place, Placement)]
    if len(fits) > 1 and all(place.level in (EXACT, ELSEWHERE) for _, place in fits):
        most = max(len(hunk.old()) for hunk, _ in fits)
        fits = [(hunk, place) for hunk, place in fits if len(hunk.old()) == most]
    if len(fits) == 1:
        return fits[0][1]
    if fits:
        return Refusal("ambiguous", "it can be read in several ways that all fit", [place.start + 1 for _, place in fits])
    return found[0][1]


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
        return done[0]
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
            return Placement("exact", chosen, already=True, offset=_offset(chosen, stated))
        return _place(hunk, index, level, chosen, stated)
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
    where = "the same lines occur in several places"
    where += "" if level == EXACT else f" ({level.replace('_', ' ')} apart)"
    return Refusal("ambiguous", where, [at + 1 for at in places])


def _place(hunk: PatchHunk, index: Index, level: str, at: int, stated: int | None) -> Placement | Refusal:
    offset = _offset(at, stated)
    if level == EXACT:
        return placed(hunk, EXACT if at == stated else ELSEWHERE, at, offset=offset)
    if level == TRAILING:
        return placed(hunk, level, at, offset=offset)
    old = hunk.old()
    pairs = list(zip(old, index.lines[at : at + len(old)], strict=True))
    added = [line.text for line in hunk.lines if line.tag == "+"]
    if level == PUNCTUATION:
        added = _respelled(hunk, pairs, added)
    pairs = [(plain(written), plain(real)) for written, real in pairs]
    removed = [pair for pair, line in zip(pairs, (x for x in hunk.lines if x.tag != "+"), strict=True) if line.tag == "-"]
    context = [pair for pair, line in zip(pairs, (x for x in hunk.lines if x.tag != "+"), strict=True) if line.tag != "-"]
    told = next((part for part in (removed, context) if any(real.strip() for _, real in part)), pairs)
    shift = rule(pairs) or (rule(told) if rule(removed) and rule(context) else None)
    moved = shifted(added, pairs if rule(pairs) else told, shift) if shift else None
    if moved is None:
        return Refusal("indentation", "its indentation differs from the file's in a way that has no single rule", [at + 1])
    return replace(placed(hunk, level, at, added=moved, offset=offset), shift=shift)


def _respelled(hunk: PatchHunk, pairs: Sequence[tuple[str, str]], added: Sequence[str]) -> list[str]:
    """Added lines in the file's punctuation, as far as the matched lines show it."""
    table = {ord(char): to for char, to in observed(pairs).items()}
    result = [line.translate(table) for line in added]
    real = iter(pair[1] for pair in pairs)
    at, run, fresh = 0, list[tuple[str, str]](), list[int]()
    for line in (*hunk.lines, Line(" ", "")):
        if line.tag == " ":
            if len(run) == len(fresh):
                for (text, actual), number in zip(run, fresh, strict=True):
                    result[number] = carried(added[number], text, actual) if actual != text else result[number]
                    result[number] = result[number].translate(table)
            run, fresh = [], []
            next(real, None)
        elif line.tag == "-":
            run.append((line.text, next(real)))
        else:
            fresh.append(at)
            at += 1
    return result


def _by_number(hunk: PatchHunk, index: Index, evidence: Evidence) -> Placement | Refusal:
    """A hunk that only adds and shows nothing around it: its number is all there is, so it must be beyond doubt."""
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
            return Placement(EXACT, start - 1, already=True, offset=_offset(start - 1, stated)), True
    places = index.find(EXACT, new, 2)
    if len(places) != 1 or (not adds and len(new) < 3) or _still_there(hunk, index):
        return None
    return Placement(ELSEWHERE, places[0], already=True, offset=_offset(places[0], stated)), False


def _still_there(hunk: PatchHunk, index: Index) -> bool:
    """True when lines that the hunk removes stand in the file together."""
    runs = (list(run) for tag, run in groupby(hunk.lines, key=lambda line: line.tag) if tag == "-")
    texts = [[line.text for line in run] for run in runs]
    return any(any(map(str.strip, run)) and index.find(EXACT, run, 1) for run in texts)


def _has_it_already(hunk: PatchHunk, index: Index, at: int) -> bool:
    """True when the lines at ``at`` are part of the hunk's result, which stands there as a whole."""
    new, size = hunk.new(), len(hunk.old())
    if not any(line.tag == "+" for line in hunk.lines):
        return False
    return any(start <= at and at + size <= start + len(new) for start in index.find(EXACT, new))


def _ends_right(hunk: PatchHunk, index: Index, at: int) -> bool:
    return not hunk.at_end or at + len(hunk.old()) == len(index.lines)


def _offset(at: int, stated: int | None) -> int:
    return at - stated if stated is not None else 0


def _missing(hunk: PatchHunk, index: Index) -> str:
    known = index.stripped
    for line in hunk.lines:
        if line.tag != "+" and line.text.strip() and line.text.strip() not in known:
            what = "removed" if line.tag == "-" else "context"
            shown = line.text.strip()
            return f"its {what} line {shown[:80]!r} is not in the file"
    return "its lines are in the file, but not consecutively"
