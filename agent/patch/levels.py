"""A hunk at one place of the file, by the level at which its lines are those of the file: what it adds is then put in the
file's own manner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent.patch.fitting import NEAR_BY, Surroundings
from agent.patch.indentation import rule, shifted
from agent.patch.index import EXACT, PUNCTUATION, TRAILING, Index
from agent.patch.model import Line, PatchHunk
from agent.patch.placement import Placement, Refusal, placed
from agent.patch.punctuation import carried, observed, plain

ELSEWHERE, ANCHORS = "exact_elsewhere", "anchors"


def at_level(hunk: PatchHunk, index: Index, level: str, at: int, stated: int | None) -> Placement | Refusal:
    """``at`` and ``stated`` are 0-based; the caller has seen that the old lines stand there at this ``level``."""
    offset = offset_of(at, stated)
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
    apart = hunk.coherent and rule(removed) and rule(context)  # without counts one of them may be a line without its plus
    shift = rule(pairs) or (rule(told) if apart else None)
    moved = shifted(added, pairs if rule(pairs) else told, shift) if shift else None
    if moved is None or _is_strange(index, at, at + len(old), added, moved):
        return Refusal("indentation", "its indentation differs from the file's in a way that has no single rule", [at + 1])
    return replace(placed(hunk, level, at, added=moved, offset=offset), shift=shift)


def _is_strange(index: Index, start: int, end: int, added: Sequence[str], moved: Sequence[str]) -> bool:
    """True when the rule gives a new line an indentation that fits nothing around, unlike the one it was sent with."""
    changed = [to for text, to in zip(added, moved, strict=True) if to != text]
    return bool(changed) and max(map(Surroundings(index.lines, start, end).cost, changed)) > NEAR_BY


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


def offset_of(at: int, stated: int | None) -> int:
    """How many lines below the stated one the place is; 0 where none is stated."""
    return at - stated if stated is not None else 0
