"""The lines below a hunk's header: which belong to it, and what each is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agent.patch.formats import said_between, starts
from agent.patch.formats.fences import opener
from agent.patch.model import EditsInvalid, Line

Boundary = Callable[[Sequence[str], int], bool]
"""True when the line at an index can't belong to a hunk any more."""

_ITEM = re.compile(r"(?:- (?:\*\*|`)?)?[A-Z]\w*[ .:,`*]|- \S|[ ]{2,}[^\s]")
_SAID_ITEM = re.compile(r"- [A-Z`*]\S*[ ]\S.*")
_RULE = re.compile(r"-{3,}[ \t]*")
"""Of Markdown."""

_VERSION = re.compile(r"\d+\.\d[\w.() -]*")


@dataclass(frozen=True)
class Body:
    """A hunk's lines, the index after the last of them, that of where something else begins, and whether a side's last line
    has no newline."""

    lines: list[Line]
    stop: int
    end: int
    old_bare: bool
    new_bare: bool
    below: Sequence[str] = ()
    """Lines without a prefix at its end that are said to the reader."""


def read(lines: Sequence[str], start: int, boundary: Boundary, counts: tuple[int | None, int | None]) -> Body:
    """The body from ``start`` on. Counts are believed where the body ends as they say; else it ends at the next boundary."""
    old, new = counts
    if old is not None and new is not None:
        end = _counted(lines, start, old, new, boundary)
        if end is not None:
            return _body(lines, start, end, end)
    end = start
    while end < len(lines) and not boundary(lines, end) and not _is_signature(lines, end) and opener(lines[end]) is None:
        end += 1
    stop = _as_long_as(lines, start, end, old, new) if old is not None and new is not None else None
    if stop is not None:
        return _all_new(_body(lines, start, stop, end), old, new, start)
    stop = _without_prose(lines, start, _list_from(lines, start, end))
    said = _said_from(lines, start, stop, end)
    found = _all_new(_body(lines, start, said, end), old, new, start)
    return replace(found, below=tuple(line for line in lines[said:stop] if line.strip()))


def _all_new(found: Body, old: int | None, new: int | None, at: int) -> Body:
    """The body with lines that lost their plus as added ones, where the counts say that all of it is new. Raises
    ``EditsInvalid`` where that contradicts them."""
    if old != 0 or new != len(found.lines) or any(line.tag == "-" for line in found.lines):
        return found
    if any(line.tag == " " and line.text.strip() for line in found.lines):
        raise EditsInvalid(
            f"The counts of the hunk at line {at} say that all of it is new, and lines of it begin with a space.", line=at,
            hint="Start each added line with `+`, and count the unchanged lines on both sides.",
        )  # fmt: skip
    return replace(found, lines=[replace(line, tag="+") for line in found.lines])


def _said_from(lines: Sequence[str], start: int, stop: int, end: int) -> int:
    """The index of the first line that is said among those without a prefix at the end; ``stop`` where none is."""
    first = stop
    while first > start and lines[first - 1][:1] not in (" ", "-", "+", "\\"):
        first -= 1
    if first == start:
        return stop
    return min(said_between.below_hunk(lines, first, end), stop)


def _as_long_as(lines: Sequence[str], start: int, end: int, old: int, new: int) -> int | None:
    """The index after a body of so many lines, some of which lost their prefix; None where the counts don't fit one."""
    at, left = start, new
    while at < end and (left > 0 or lines[at][:1] in ("-", "\\")):
        left -= lines[at][:1] not in ("-", "\\")
        at += 1
    if left or any(line[:1] in (" ", "-", "+") for line in lines[at:end]):
        return None
    unclear = [n for n in range(start, at) if lines[n][:1] not in (" ", "-", "+", "\\")]
    last = max((n for n in range(start, at) if lines[n][:1] in (" ", "-", "+")), default=start)
    context = old - sum(line[:1] in (" ", "-") for line in lines[start:at])
    may_add = any(n < last or lines[n].strip() for n in unclear)
    return at if context == len(unclear) or (0 <= context < len(unclear) and may_add) else None


def _counted(lines: Sequence[str], start: int, old: int, new: int, boundary: Boundary) -> int | None:
    """The index after the body that the counts announce, or None where the text doesn't bear them out."""
    at = start
    while old > 0 or new > 0:
        if at >= len(lines):
            return None
        tag = lines[at][:1].rstrip("\r")
        if tag not in ("", " ", "-", "+", "\\") or (tag == "" and at == len(lines) - 1):
            return None
        old -= tag in ("", " ", "-")
        new -= tag in ("", " ", "+")
        if old < 0 or new < 0:
            return None
        at += 1
    while at < len(lines) and lines[at].startswith("\\ "):
        at += 1
    after = at
    while after < len(lines) and not lines[after].strip():
        after += 1
    if after == len(lines) or boundary(lines, after) or _is_signature(lines, after) or opener(lines[after]) is not None:
        return at
    if after > at and (
        _RULE.fullmatch(lines[after]) or starts.names_what_follows(lines, after) or _is_list(lines, after, boundary)
    ):
        return at
    return None if lines[after][:1] in (" ", "-", "+") or after == at else at


def _is_list(lines: Sequence[str], at: int, boundary: Boundary) -> bool:
    """True when a Markdown list of sentences follows, up to where the next hunk or the answer ends."""
    while at < len(lines) and not boundary(lines, at):
        if lines[at].strip() and not _ITEM.match(lines[at]):
            return False
        at += 1
    return True


def _list_from(lines: Sequence[str], start: int, end: int) -> int:
    """The index of a Markdown list of sentences below a blank line at the end of the body; ``end`` where there is none.
    A removed line would begin with one space in the file, and its words in upper case."""
    at = top = end
    while at > start and (not lines[at - 1].strip() or _SAID_ITEM.fullmatch(lines[at - 1])):
        at -= 1
        top = at if lines[at] and lines[at].strip() else top
    return top if top < end and top > start and not lines[top - 1].strip(" \r") and lines[top - 1][:1] != " " else end


def _without_prose(lines: Sequence[str], start: int, end: int) -> int:
    """The index after the last line that belongs to the hunk: blank lines and a paragraph after it don't."""
    last = max((at for at in range(start, end) if lines[at][:1] in (" ", "-", "+", "\\")), default=start - 1)
    stop = last + 1
    while stop < end and lines[stop].strip():
        stop += 1
    while stop > start and not lines[stop - 1].rstrip("\r"):
        stop -= 1
    return stop


def _body(lines: Sequence[str], start: int, stop: int, end: int) -> Body:
    found: list[Line] = []
    old_bare = new_bare = False
    for raw in lines[start:stop]:
        cr = raw.endswith("\r")
        text = raw[:-1] if cr else raw
        tag = text[:1]
        if tag == "\\" and text.startswith("\\ "):
            kind = found[-1].tag if found else " "
            old_bare |= kind != "+"
            new_bare |= kind != "-"
        elif tag == " ":
            found.append(Line(" ", text[1:], text, cr))
        elif tag == "-":
            found.append(Line("-", text[1:], text, cr))
        elif tag == "+":
            found.append(Line("+", text[1:], text, cr))
        else:
            found.append(Line("?", text, text, cr))
    return Body(found, stop, end, old_bare, new_bare)


def _is_signature(lines: Sequence[str], at: int) -> bool:
    """The end of a mailed patch: ``-- `` and git's version."""
    return lines[at].rstrip() == "--" and at + 1 < len(lines) and _VERSION.fullmatch(lines[at + 1].strip()) is not None
