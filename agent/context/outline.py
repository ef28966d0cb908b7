"""A file that is too long for its share of a prompt: what it defines, and whole the parts that matter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from agent.context.context_budget import UNITS, within
from agent.context.nesting import around_line, by_line, enclosing, shown
from agent.symbols.tags import Definition
from agent.token_estimates import estimate_weight

PARTS = 0.65
"""Of a file's tokens that its relevant parts may take; the outline has the rest."""
AROUND = 12
"""Lines before and after a line that belongs to no definition, or to a long one."""
MAX_WHOLE = 90
"""Lines of a definition that is shown whole."""
HEAD = 30
"""Lines of the beginning of a file, where nothing says which of its parts matter."""
MAX_LINE = 400
FRAME = 40
"""Tokens of what is said around outline and parts."""


def excerpt(text: str, definitions: Sequence[Definition], near: Iterable[int], tokens: int) -> str:
    """What ``near`` lines belong to, as far as it fits whole into ``tokens``: for a model that can read on. "" is nothing."""
    lines = text.splitlines()
    wanted = [_around(line, definitions, len(lines)) for line in near if line <= len(lines)]
    return "\n".join(_parts(lines, _fitting(lines, wanted, tokens, cut=False)))


def outline(text: str, definitions: Sequence[Definition], near: Iterable[int], tokens: int, more: str) -> str:
    """At most ``tokens``. ``near``: lines (from 1) that matter, most important first; ``more``: how the rest can be seen."""
    lines = text.splitlines()
    tokens = max(0, tokens - FRAME)
    ranges = _fitting(
        lines, [_around(line, definitions, len(lines)) for line in near if line <= len(lines)], int(tokens * PARTS)
    )
    if not ranges and not definitions:
        ranges = _fitting(lines, [(1, min(HEAD, len(lines)))], tokens)
    parts = _parts(lines, ranges)
    left = tokens - sum(estimate_weight(part) // UNITS + 1 for part in parts)
    known = by_line(definitions)
    entries: list[str] = []
    for kept in _levels(list(known.values())):
        entries = [shown(found, len(enclosing(found, known))) for found in kept]
        if len(within(entries, left)) == len(entries):
            break
    listed = within(entries, left)
    rest = f"\n… {len(known) - len(listed)} more" if len(listed) < len(known) else ""
    head = f"{len(lines)} lines. {more}"
    said = "It defines, by line:\n" + "\n".join(listed) + rest if listed else ""
    return "\n".join(filter(None, (head, said, *parts)))


def _parts(lines: Sequence[str], ranges: Iterable[tuple[int, int]]) -> list[str]:
    return [f"Lines {first}-{last}:\n" + "\n".join(_cut(line) for line in lines[first - 1 : last]) for first, last in ranges]


def _levels(definitions: Sequence[Definition]) -> Iterator[list[Definition]]:
    """All, then what is left where they have no room: without constants, then without what is inside of others."""
    yield list(definitions)
    no_constants = [found for found in definitions if found.kind != "constant"] or list(definitions)
    yield no_constants
    yield [found for found in no_constants if not found.inside]


def _around(line: int, definitions: Sequence[Definition], last: int) -> tuple[int, int]:
    """The definition that ``line`` belongs to (of a long one its beginning, where it is meant as a whole), or some lines before
    and after it."""
    found = around_line(line, definitions)
    if found is not None and (found.end - found.line < MAX_WHOLE or found.line == line):
        return found.line, min(found.end, last, found.line + MAX_WHOLE)
    return max(1, line - AROUND, found.line if found else 1), min(last, line + AROUND)


def _fitting(
    lines: Sequence[str], ranges: Iterable[tuple[int, int]], tokens: int, *, cut: bool = True
) -> list[tuple[int, int]]:
    """Those of ``ranges`` that fit, in the order of the file, joined where they meet. ``cut``: the first one is cut to what
    fits."""
    kept: list[tuple[int, int]] = []
    left = tokens * UNITS
    for first, last in ranges:
        if any(start <= first and last <= end for start, end in kept):
            continue
        cost = [estimate_weight(_cut(line) + "\n") for line in lines[first - 1 : last]]
        if cut and sum(cost) > left and not kept:
            while cost and sum(cost) > left:
                cost.pop()
            last = first + len(cost) - 1
        if cost and sum(cost) <= left:
            left -= sum(cost)
            kept.append((first, last))
    joined: list[tuple[int, int]] = []
    for first, last in sorted(kept):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _cut(line: str) -> str:
    return line if len(line) <= MAX_LINE else line[:MAX_LINE] + "…"
