"""Hunks whose lines lost their prefix: what each was is told by the file and by the header's counts, or not at all.

A removed line is never guessed. A line that could be context or added is context where the file has it at that place; every way
of reading the hunk that fits is followed, and they must agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from agent.patch.index import EXACT, Index
from agent.patch.lost_plus import Depths
from agent.patch.model import Line, PatchHunk
from agent.patch.placement import Placement, Refusal, placed

MAX_STEPS = 40_000
"""Lines compared for one hunk, all readings together; beyond that it is refused."""

STEP = 4
"""What such a line costs of the file's whole work, in microseconds."""

MAX_STARTS = 40
MAX_READINGS = 200

_Reading = tuple[Line, ...]
_Chain = tuple["_Chain | None", Line]
"""A reading from its last line back, so that readings share what they have in common."""


def lost_prefixes(hunk: PatchHunk) -> int:
    """How many context lines the header's counts say are really added ones that lost their prefix."""
    if hunk.old_count is None or hunk.new_count is None:
        return 0
    old, new = len(hunk.old()), len(hunk.new())
    return old - hunk.old_count if old > hunk.old_count and new == hunk.new_count else 0


def find(hunk: PatchHunk, index: Index) -> Placement | Refusal:
    """The place of the only reading that fits exactly."""
    if not _may_be_read(hunk):
        return Refusal("not_found", "its lines are not in the file as written")
    found: dict[tuple[int, tuple[tuple[str, str], ...]], _Reading] = {}
    budget = [MAX_STEPS]
    stated = hunk.old_start - 1 if hunk.old_start is not None else None
    options = _all_options(hunk, index)
    for start in _starts(hunk, index):
        for reading in _read(hunk, options, index, start, budget):
            found[start, tuple((line.tag, line.text) for line in reading)] = reading
        if (start == stated and found) or budget[0] <= 0:
            break
    if budget[0] <= 0:
        return Refusal("unreadable", "too many of its lines lost their prefix to tell what they were")
    fitting = [(start, reading) for (start, _), reading in found.items() if _counts_agree(hunk, reading)]
    if not fitting:
        return Refusal("unreadable", "lines in it have no prefix, and no way to read them fits the file and the stated counts")
    results = {(start, tuple((line.tag, line.text) for line in reading if line.tag != " ")) for start, reading in fitting}
    places = {(start, _result(reading)) for start, reading in fitting}
    if len(places) > 1 or (len(results) > 1 and len({start for start, _ in fitting}) > 1):
        return Refusal(
            "ambiguous", "lines in it have no prefix and it can be read in several ways", sorted({at + 1 for at, _ in places})
        )
    start, reading = fitting[0]
    whole = PatchHunk(reading, hunk.old_start, old_bare=hunk.old_bare, new_bare=hunk.new_bare)
    if not any(line.tag in "+-" for line in reading):
        return Refusal("no_change", "it has no added and no removed line")
    if index.find(EXACT, whole.new(), 1) and len(whole.new()) > len(whole.old()) and _covers(index, whole, start):
        return Placement(EXACT, start, already=True)
    return placed(
        whole, EXACT if start == stated else "exact_elsewhere", start, offset=start - stated if stated is not None else 0
    )


def _may_be_read(hunk: PatchHunk) -> bool:
    return bool(lost_prefixes(hunk)) or any(line.tag == "?" or (line.tag == " " and line.text.strip()) for line in hunk.lines)


def _starts(hunk: PatchHunk, index: Index) -> Iterator[int]:
    """Places where the first line that must be in the file stands, the stated one first."""
    known: set[int] = set()
    lost = lost_prefixes(hunk)
    if hunk.old_start:
        known.add(hunk.old_start - 1)
        yield hunk.old_start - 1
    for line in hunk.lines:
        if line.tag == "+":
            continue
        texts = dict.fromkeys((line.text, line.raw)) if line.tag == " " else (line.text,)
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


def _all_options(hunk: PatchHunk, index: Index) -> list[list[Line]]:
    """What each line of the hunk may be."""
    depths, beside = Depths(index.depths, hunk.lines) if lost_prefixes(hunk) else None, _beside_added(hunk.lines)
    return [list(_options(hunk, line, depths, beside=near)) for line, near in zip(hunk.lines, beside, strict=True)]


def _options(hunk: PatchHunk, line: Line, depths: Depths | None, *, beside: bool) -> Iterator[Line]:
    if line.tag in "+-":
        yield line
        return
    yield Line(" ", line.text, line.raw, line.cr)
    if line.tag == "?":
        if beside or hunk.old_count is not None:
            yield Line("+", line.text, line.raw, line.cr)
        return
    if line.text.strip():
        yield Line(" ", line.raw, line.raw, line.cr)
        if depths is not None:
            for text in depths.texts(line):
                yield Line("+", text, line.raw, line.cr)


def _beside_added(lines: Sequence[Line]) -> list[bool]:
    """For each line, True when it is unclear and the run of unclear lines around it touches an added line."""
    result: list[bool] = []
    runs = [(tag, len(list(run))) for tag, run in groupby(lines, key=lambda line: line.tag)]
    for number, (tag, size) in enumerate(runs):
        around = [other for other, _ in (*runs[max(number - 1, 0) : number], *runs[number + 1 : number + 2])]
        result += [tag == "?" and "+" in around] * size
    return result


def _counts_agree(hunk: PatchHunk, reading: _Reading) -> bool:
    """With counts stated, they decide; without, lines of text may have lost their prefix, but none may have been re-read."""
    old = sum(line.tag != "+" for line in reading)
    new = sum(line.tag != "-" for line in reading)
    if hunk.old_count is not None and hunk.new_count is not None:
        return (old, new) == (hunk.old_count, hunk.new_count)
    raw = [
        ours.text == line.text for ours, line in zip(reading, hunk.lines, strict=True) if line.tag == " " and line.text.strip()
    ]
    return all(raw) or not any(raw)


def _result(reading: _Reading) -> tuple[str, ...]:
    return tuple(line.text for line in reading if line.tag != "-") + tuple(str(sum(line.tag != "+" for line in reading)))


def _covers(index: Index, whole: PatchHunk, start: int) -> bool:
    size = len(whole.old())
    return any(at <= start and start + size <= at + len(whole.new()) for at in index.find(EXACT, whole.new()))
