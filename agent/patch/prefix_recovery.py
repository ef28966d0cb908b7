"""Hunks whose lines lost their prefix: what each was is told by the file and by the header's counts, or not at all.

A removed line is never guessed. A line that could be context or added is context where the file has it at that place; every way
of reading the hunk that fits is followed, and they must agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, takewhile

from agent.patch.fitting import Surroundings, closes_a_block, is_balanced
from agent.patch.indentation import indent_of
from agent.patch.index import EXACT, Index
from agent.patch.levels import ELSEWHERE, offset_of
from agent.patch.model import Line, PatchHunk
from agent.patch.placement import Placement, Refusal, placed
from agent.patch.similar import is_slip

MAX_STEPS = 40_000
"""Lines compared for one hunk, all readings together; beyond that it is refused."""

STEP = 4
"""What such a line costs of the file's whole work, in microseconds."""

MAX_STARTS = 40
MAX_READINGS = 200
MAX_ALIKE = 16
"""Readings of one place that are compared with each other."""

MAX_APART = 100
"""Lines from the first to the last that readings which make the same are about."""

_Reading = tuple[Line, ...]
_Chain = tuple["_Chain | None", Line]
"""A reading from its last line back, so that readings share what they have in common."""


def lost_prefixes(hunk: PatchHunk) -> int:
    """How many context lines the header's counts say are really added ones that lost their prefix."""
    if hunk.old_count is None or hunk.new_count is None:
        return 0
    old, new = len(hunk.old()), len(hunk.new())
    return old - hunk.old_count if old > hunk.old_count and new == hunk.new_count else 0


def sign_may_be_text(hunk: PatchHunk, index: Index, found: Placement) -> bool:
    """True when the plus or minus of a line may be how its text begins, as items of a list begin with a dash.

    Then it is context that lost its space, which the file near ``found`` tells, or an added line that lost its plus, which
    the header's counts tell. Counts that are those of the hunk as it stands say that it is neither.
    """
    return not hunk.coherent and (_stands_with_its_sign(hunk, index, found) or _counts_need_its_sign(hunk))


def _stands_with_its_sign(hunk: PatchHunk, index: Index, found: Placement) -> bool:
    marked = {line.raw for line in hunk.lines if line.tag in "+-" and line.raw and line.text.strip()}
    size = len(hunk.lines)
    return bool(marked) and not marked.isdisjoint(index.lines[max(found.start - size, 0) : found.start + size])


def _counts_need_its_sign(hunk: PatchHunk) -> bool:
    """True when the counts are those of a hunk in which removed lines are added ones (or the other way round)."""
    if hunk.old_count is None or hunk.new_count is None:
        return False
    other = len(hunk.old()) - hunk.old_count
    tag = "-" if other > 0 else "+"
    like_items = sum(line.tag == tag and line.raw[1:2] in (" ", tag) and line.raw[2:3] != " " for line in hunk.lines)
    return other != 0 and hunk.new_count - len(hunk.new()) == other and like_items >= abs(other)


def with_blank_lines_added(hunk: PatchHunk) -> PatchHunk:
    """The hunk with its empty lines as added ones, where the counts say that all of those and nothing else lost a plus."""
    empty = [line.tag in " ?" and not line.raw for line in hunk.lines]
    if hunk.alternatives or not any(empty) or sum(empty) != lost_prefixes(hunk):
        return hunk
    lines = [replace(line, tag="+") if is_empty else line for line, is_empty in zip(hunk.lines, empty, strict=True)]
    return replace(hunk, lines=tuple(lines))


def find(hunk: PatchHunk, index: Index) -> Placement | Refusal:
    """The place of the only reading that fits exactly."""
    if not _may_be_read(hunk):
        return Refusal("not_found", "its lines are not in the file as written")
    found: dict[tuple[int, tuple[tuple[str, str], ...]], _Reading] = {}
    budget = [MAX_STEPS]
    stated = _stated(hunk)
    ways = [_all_options(hunk, spaced=spaced) for spaced in ((True, False) if lost_prefixes(hunk) else (True,))]
    for start in _starts(hunk, index):
        for options in ways:
            for reading in _read(hunk, options, index, start, budget):
                found[start, tuple((line.tag, line.text) for line in reading)] = reading
        if (start == stated and found) or budget[0] <= 0:
            break
    if budget[0] <= 0:
        return Refusal("unreadable", "too many of its lines lost their prefix to tell what they were")
    fitting = [(start, reading) for (start, _), reading in found.items() if _counts_agree(hunk, reading)]
    counted = fitting
    fitting = [(start, reading) for start, reading in counted if not _adds_stale_context(hunk, reading, index, start)]
    if hunk.old_start is None and {start for start, _ in counted} != {start for start, _ in fitting}:
        fitting = []  # context that is out of date at one place is not a new line at the other
    fitting = [found for found in fitting if not _keeps_the_space(hunk, found[1])] or fitting
    if not fitting:
        return Refusal("unreadable", "lines in it have no prefix, and no way to read them fits the file and the stated counts")
    even = [found for found in fitting if not _is_at_odds(hunk, found[1])]
    if len(even) < len(fitting):
        if not even or not all(_shows_its_depth(hunk, reading) for _, reading in even):
            lines = sorted({start + 1 for start, _ in fitting})
            return Refusal("ambiguous", "its lines seem to have lost a space, and added ones among them may have too", lines)
        fitting = even
    results = {(start, tuple((line.tag, line.text) for line in reading if line.tag != " ")) for start, reading in fitting}
    places = {(start, _result(reading)) for start, reading in fitting}
    unclear = len(places) > 1 or (len(results) > 1 and len({start for start, _ in fitting}) > 1)
    if unclear and not _make_the_same(fitting, index):
        chosen = _preferred(hunk, fitting, index)
        if chosen is None:
            lines = sorted({at + 1 for at, _ in places})
            readings = [_placement(hunk, reading, index, at) for at, reading in fitting[:MAX_ALIKE]]
            return Refusal("ambiguous", "lines in it have no prefix and it can be read in several ways", lines, readings)
        fitting = [chosen]
    start, reading = fitting[0]
    if hunk.old_start is None and not any(char.isalnum() for line in reading if line.tag != "+" for char in line.text):
        return Refusal("too_little", "it shows no line with words, and lines in it have no prefix", [start + 1])
    if _is_a_space_off(hunk, reading):
        return Refusal("ambiguous", "its lines seem to have lost a space, and added ones among them may have too", [start + 1])
    if not any(line.tag in "+-" for line in reading):
        return Refusal("no_change", "it has no added and no removed line")
    return _placement(hunk, reading, index, start)


def _is_at_odds(hunk: PatchHunk, reading: _Reading) -> bool:
    """True when a line that is read as having a space for its plus is then the only one with an odd number of spaces."""
    odd = [_odd_depth(ours.text) for ours in reading]
    reread = [ours.tag == "+" and line.tag == " " for ours, line in zip(reading, hunk.lines, strict=True)]
    return sum(reread) > 1 and any(
        is_odd and is_reread for is_odd, is_reread in zip(odd, reread, strict=True)
    ) and not any(is_odd and not is_reread for is_odd, is_reread in zip(odd, reread, strict=True))  # fmt: skip


def _shows_its_depth(hunk: PatchHunk, reading: _Reading) -> bool:
    """True when no line of the file stands in the hunk without a space, and one that is indented does, if it has any."""
    pairs = [(ours, line) for ours, line in zip(reading, hunk.lines, strict=True) if ours.text.strip()]
    own = [(ours, line) for ours, line in pairs if ours.tag != "+"]
    is_shown = any(indent_of(ours.text) for ours, _ in own) or not any(indent_of(ours.text) for ours, _ in pairs)
    return is_shown and all(ours.text == line.text for ours, line in own)


def _odd_depth(text: str) -> bool:
    return bool(text.strip()) and "\t" not in indent_of(text) and len(indent_of(text)) % 2 == 1


def _keeps_the_space(hunk: PatchHunk, reading: _Reading) -> bool:
    """True when a space in the place of a plus is read as the line's own, and the hunk has the line without it as well."""
    again = [ours.text for ours in reading if ours.tag == " "]
    reread = [(ours, line) for ours, line in zip(reading, hunk.lines, strict=True) if ours.tag == "+" != line.tag]
    if len(reread) != 1:
        return False
    ours, line = reread[0]
    return line.tag == " " and ours.text == f" {line.text}" and line.text.strip() != "" and line.text in again


def _make_the_same(fitting: Sequence[tuple[int, _Reading]], index: Index) -> bool:
    """True when every one of the readings makes the same file."""
    if len(fitting) > MAX_ALIKE:
        return False
    ends = [start + sum(line.tag != "+" for line in reading) for start, reading in fitting]
    first, last = min(start for start, _ in fitting), max(ends)
    if last - first > MAX_APART:
        return False
    made = {
        (*index.lines[first:start], *(line.text for line in reading if line.tag != "-"), *index.lines[end:last])
        for (start, reading), end in zip(fitting, ends, strict=True)
    }
    return len(made) == 1


def _is_a_space_off(hunk: PatchHunk, reading: _Reading) -> bool:
    """True when added lines are less deep by a space than the lines on both sides, which were read with that space."""
    pairs = [(ours, line) for ours, line in zip(reading, hunk.lines, strict=True) if ours.text.strip()]
    for at, (ours, line) in enumerate(pairs):
        sides = (reversed(pairs[max(at - MAX_ALIKE, 0) : at]), pairs[at + 1 : at + 1 + MAX_ALIKE])
        around = [next((pair for pair in side if pair[0].tag != "+"), None) for side in sides]
        depth = len(indent_of(ours.text)) + 1
        if line.tag == "+" and all(
            pair is not None and pair[0].text != pair[1].text and len(indent_of(pair[0].text)) == depth for pair in around
        ):
            return True
    return False


def _placement(hunk: PatchHunk, reading: _Reading, index: Index, start: int) -> Placement:
    whole = PatchHunk(reading, hunk.old_start, hunk.old_count, old_bare=hunk.old_bare, new_bare=hunk.new_bare)
    stated = _stated(hunk)
    if index.find(EXACT, whole.new(), 1) and len(whole.new()) > len(whole.old()) and _covers(index, whole, start):
        return Placement(EXACT, start, already=True)
    return placed(whole, EXACT if start == stated else ELSEWHERE, start, offset=offset_of(start, stated))


def _preferred(hunk: PatchHunk, fitting: Sequence[tuple[int, _Reading]], index: Index) -> tuple[int, _Reading] | None:
    """The one of several readings at one place that fits what stands around it; None where more than one does."""
    start = fitting[0][0]
    readings = [reading for at, reading in fitting if at == start]
    if len(readings) < len(fitting) or len(readings) > MAX_ALIKE:
        return None
    most = max(sum(line.tag != "+" for line in reading) for reading in readings)
    with_context = [reading for reading in readings if sum(line.tag != "+" for line in reading) == most]
    if len(with_context) < len(readings):
        if len(with_context) > 1 or not _leaves_blocks_whole(hunk, with_context[0]):
            return None
        return start, with_context[0]
    own = [ours.text for ours, line in zip(readings[0], hunk.lines, strict=True) if ours.tag == " " or line.tag == "+"]
    around = Surroundings(index.lines, start, start + most, own)
    best = around.best([_reread(hunk, reading) for reading in readings])
    return None if best is None or _loses_otherwise(hunk, readings[best]) else (start, readings[best])


def _loses_otherwise(hunk: PatchHunk, reading: _Reading) -> bool:
    """True when an added line has a space for its plus, while all of the context lost its space with nothing in its place."""
    pairs = [(ours, line) for ours, line in zip(reading, hunk.lines, strict=True) if line.tag in " ?" and line.text.strip()]
    spaced = any(ours.tag == "+" and line.tag == " " and ours.text == line.text for ours, line in pairs)
    context = [line.tag == "?" or ours.text != line.text for ours, line in pairs if ours.tag == " "]
    return spaced and bool(context) and all(context)


def _reread(hunk: PatchHunk, reading: _Reading) -> list[str]:
    """The lines without a plus that the reading adds."""
    return [ours.text for ours, line in zip(reading, hunk.lines, strict=True) if ours.tag == "+" != line.tag]


def _leaves_blocks_whole(hunk: PatchHunk, reading: _Reading) -> bool:
    """True when what a reading with all the context that the file has adds is whole without the lines that are unclear: the
    end of a block stands often twice."""
    kept = [ours.text for ours, line in zip(reading, hunk.lines, strict=True) if line.tag == "?" and ours.tag == " "]
    added = [line.text for line in reading if line.tag == "+"]
    removed = [line.text for line in reading if line.tag == "-"]
    return is_balanced(added, removed) and not any(map(closes_a_block, kept))


def _adds_stale_context(hunk: PatchHunk, reading: _Reading, index: Index, start: int) -> bool:
    """True when an outermost line of context is read as an added one, and may be what the file has there in other words."""
    pairs = list(zip(reading, hunk.lines, strict=True))
    place = start
    for ours, line in pairs:
        if ours.tag == "+" != line.tag and place < len(index.lines) and _is_nearly(ours.text, index.lines[place]):
            return True
        place += ours.tag != "+"
    end = start + sum(line.tag != "+" for line in reading)
    stated = _stated(hunk)
    if stated is not None:
        near = {line.strip(): line for line in index.lines[max(stated, 0) : max(stated, 0) + MAX_ALIKE]}
        for ours, line in pairs:
            is_moved = stated != start or ours.text != ours.text.rstrip()
            if is_moved and ours.tag == "+" and line.tag == " " and near.get(ours.text.strip(), ours.text) != ours.text:
                return True  # a line of context that the file has at the stated place, but for space
    for edge, at in ((pairs, start - 1), (pairs[::-1], end)):
        run = list(takewhile(lambda pair: pair[0].tag == "+", edge))
        reread = [ours.text for ours, line in run if line.tag != "+" and ours.text.strip()]
        if not reread or not 0 <= at < len(index.lines):
            continue
        there = index.lines[max(at - len(run), 0) : at + 1] if at < start else index.lines[at : at + len(run) + 1]
        if any(_is_nearly(text, other) for text in reread for other in there[:MAX_ALIKE]):
            return True
        if stated not in (None, start) or len(reread) == len(run) or any(is_slip(text, index.lines[at]) for text in reread):
            return True
    return False


def _is_nearly(one: str, other: str) -> bool:
    """True for the same words in another case or with other space."""
    return one.rstrip() != other.rstrip() and one.strip().casefold() == other.strip().casefold() != ""


def _stated(hunk: PatchHunk) -> int | None:
    """Where it begins (0-based); one that has no old line begins after the stated one."""
    return None if hunk.old_start is None else hunk.old_start - (hunk.old_count != 0)


def _may_be_read(hunk: PatchHunk) -> bool:
    return bool(lost_prefixes(hunk)) or any(line.tag == "?" or (line.tag == " " and line.text.strip()) for line in hunk.lines)


def _starts(hunk: PatchHunk, index: Index) -> Iterator[int]:
    """Places where the first line that must be in the file stands, the stated one first."""
    known: set[int] = set()
    lost = lost_prefixes(hunk)
    stated = _stated(hunk)
    if hunk.old_start and stated is not None:
        known.add(stated)
        yield stated
    for line in hunk.lines:
        if line.tag == "+":
            continue
        # lines of a block have no prefix to lose
        texts = dict.fromkeys((line.text, line.raw or line.text)) if line.tag == " " else (line.text,)
        for text in texts:
            for start in index.find(EXACT, [text], MAX_STARTS):
                if start not in known:
                    known.add(start)
                    yield start
        if line.tag == "-" or (line.tag == " " and not lost):
            break


def _read(hunk: PatchHunk, options: Sequence[Sequence[Line]], index: Index, start: int, budget: list[int]) -> list[_Reading]:
    """All readings of the hunk whose old lines stand from ``start`` on."""
    allowed = _most_added(hunk)
    states: list[tuple[int, int, _Chain | None]] = [(start, 0, None)]
    for line, ways in zip(hunk.lines, options, strict=True):
        states = [
            (at + (option.tag != "+"), more, (before, option))
            for at, added, before in states
            for option in ways
            if (more := added + (option.tag == "+" != line.tag)) <= allowed
            if option.tag == "+" or (at < len(index.lines) and index.lines[at] == option.text)
        ]
        budget[0] -= len(states) + 1
        index.spend(STEP * (len(states) + 1))
        if not states or budget[0] <= 0 or len(states) > MAX_READINGS:
            return []
    return [_unrolled(chain) for _, _, chain in states]


def _unrolled(chain: _Chain | None) -> _Reading:
    lines: list[Line] = []
    while chain is not None:
        chain, line = chain
        lines.append(line)
    return tuple(reversed(lines))


def _most_added(hunk: PatchHunk) -> int:
    """How many lines without a plus may be added ones: the counts say it, else all that have no prefix."""
    if hunk.old_count is not None:
        return max(len(hunk.old()) - hunk.old_count, 0)
    return sum(line.tag == "?" for line in hunk.lines)


def _all_options(hunk: PatchHunk, *, spaced: bool) -> list[list[Line]]:
    """What each line of the hunk may be. An added line that lost its plus has a space for it (``spaced``) or nothing."""
    lost, beside = bool(lost_prefixes(hunk)), _beside_added(hunk.lines)
    return [
        list(_options(hunk, line, lost=lost, beside=near, spaced=spaced)) for line, near in zip(hunk.lines, beside, strict=True)
    ]


def _options(hunk: PatchHunk, line: Line, *, lost: bool, beside: bool, spaced: bool) -> Iterator[Line]:
    if line.tag in "+-":
        yield line
        return
    yield Line(" ", line.text, line.raw, line.cr)
    if line.tag == "?":
        if beside or hunk.old_count is not None:
            yield Line("+", line.text, line.raw, line.cr)
        return
    if line.text.strip() and line.raw:
        yield Line(" ", line.raw, line.raw, line.cr)
    if lost and line.raw:
        yield Line("+", line.text if spaced or not line.text else line.raw, line.raw, line.cr)


def _beside_added(lines: Sequence[Line]) -> list[bool]:
    """For each line, True when it is unclear and the run of unclear lines around it touches an added line."""
    result: list[bool] = []
    runs = [(tag, len(list(run))) for tag, run in groupby(lines, key=lambda line: line.tag)]
    for number, (tag, size) in enumerate(runs):
        around = [other for other, _ in (*runs[max(number - 1, 0) : number], *runs[number + 1 : number + 2])]
        result += [tag == "?" and "+" in around] * size
    return result


def _counts_agree(hunk: PatchHunk, reading: _Reading) -> bool:
    """With counts stated, they decide; without, lines of text may have lost their prefix, all of them or some, but then none
    may be a new one."""
    old = sum(line.tag != "+" for line in reading)
    new = sum(line.tag != "-" for line in reading)
    if hunk.old_count is not None and hunk.new_count is not None:
        return (old, new) == (hunk.old_count, hunk.new_count)
    pairs = [(ours, line) for ours, line in zip(reading, hunk.lines, strict=True) if line.tag == " " and line.text.strip()]
    raw = [ours.text == line.text for ours, line in pairs]
    return all(raw) or not any(raw) or (not any(ours.tag == "+" for ours, _ in pairs) and not _may_be_outdented(reading, pairs))


def _may_be_outdented(reading: _Reading, pairs: Sequence[tuple[Line, Line]]) -> bool:
    """True when an added line is less deep by a space than one of context that has its space only without a prefix: all that
    could lose a space may have lost it."""
    reread = {len(indent_of(ours.text)) for ours, line in pairs if ours.text != line.text}
    return any(line.tag == "+" and line.text.strip() and len(indent_of(line.text)) + 1 in reread for line in reading)


def _result(reading: _Reading) -> tuple[str, ...]:
    return tuple(line.text for line in reading if line.tag != "-") + tuple(str(sum(line.tag != "+" for line in reading)))


def _covers(index: Index, whole: PatchHunk, start: int) -> bool:
    size = len(whole.old())
    found = index.find(EXACT, whole.new())
    if whole.old_start is not None and start == _stated(whole):
        return start in found  # where it fits as stated, the lines around may be like it
    return any(at <= start and start + size <= at + len(whole.new()) for at in found)
