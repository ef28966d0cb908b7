"""Lines of a whole file's text that are said to the reader: a sentence above it, a summary below it.

In a program they are left out; where that is less sure, the line is handed on as a doubt, and is written only where the file
has it already. In text for people only what an assistant says of itself is doubted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.patch.file_kinds import PAGES, ending, kind_of
from agent.patch.formats import closings, sentences
from agent.patch.formats.fences import fence_above, opener
from agent.patch.formats.said_lines import (
    ANNOUNCED,
    HEADING,
    ITEM,
    LEAD,
    MAX_LINE,
    MAYBE,
    NAME,
    NONE,
    PART,
    RULE,
    SURE,
    TABLE,
    grade,
    word_count,
)

MAX_HEAD = 8
"""Lines said above a file's text."""

_SIGNS = frozenset("=;{}()[]<>$")
"""Of programs."""

_COMMENTS = tuple(
    f".{name}"
    for name in "py pyi sh bash zsh fish rb pl pm r jl yml yaml toml mk ex exs nim cfg conf ini tf".split()  # noqa: SIM905
)
"""Endings of languages in which ``#`` begins a comment."""

_FREE = tuple(f".{name}" for name in "ini cfg conf env properties mk gitignore dockerignore gitattributes cbl robot".split())  # noqa: SIM905
"""Endings of files in which any words may be a line."""

_DASHED = (".lua", ".hs", ".elm", ".sql")
"""Endings of languages in which ``--`` begins a comment, but for those of words."""

_DATA = re.compile(r"__(?:END|DATA)__[ \t]*|=(?:pod|begin|head\d)\b.*")


@dataclass(frozen=True)
class Text:
    """The index of the file's first line and that after its last one, and the lines of it that may not be the file's."""

    start: int
    stop: int
    doubts: tuple[str, ...] = ()


def of_file(lines: Sequence[str], path: str) -> Text:
    """Which of ``lines``, all that stands below a FILE line, are the file's."""
    kind = kind_of(path)
    if kind == "text":
        return Text(0, len(lines), _chat(lines, is_page=ending(path) in PAGES))
    if any(_DATA.fullmatch(line) for line in lines):
        return Text(0, len(lines))
    stop, doubts = _tail(lines, path)
    start, first = _head(lines, stop, path)
    if kind == "other" and (start > 0 or stop < len(lines)):
        doubts = (*first, *doubts, *(line for line in (*lines[:start], *lines[stop:]) if line.strip()))
        return Text(0, len(lines), doubts)
    return Text(start, stop, (*first, *doubts))


def _tail(lines: Sequence[str], path: str) -> tuple[int, tuple[str, ...]]:
    """The index after the file's last line, and what above it may be said as well."""
    at = top = last = _after_filled(lines, len(lines))
    best = NONE
    doubts: list[str] = []
    is_yaml = ending(path) in (".yml", ".yaml")
    while at > 0:
        line = lines[at - 1]
        if not line.strip():
            at -= 1
            continue
        begin = fence_above(lines, at - 1)
        if begin is not None:
            at = top = begin
            best = SURE
            continue
        found = grade(line, path)
        if found == NONE and top < last and opener(lines[top]) is not None and ANNOUNCED.fullmatch(line.rstrip()):
            found = PART
        if found == NONE and best == SURE and top == at and sentences.said(line) >= 2 and not _SIGNS & set(line):
            found = MAYBE  # the paragraph that is said goes on: none of it may stay behind
        if found == NONE:
            break
        if found == MAYBE and not is_yaml and at > 1 and grade(lines[at - 2], path) == SURE:
            found = SURE  # in the middle of what is said
        if found == MAYBE:
            doubts.append(line)
        best, at = max(best, found), at - 1
        top = at
    while best == SURE and top < last and _is_given_back(lines[top], path):
        top += 1
    if best == SURE and not doubts:
        above = _after_filled(lines, top)
        if above and HEADING.fullmatch(lines[above - 1]):
            if ending(path) in _COMMENTS or not ending(path):
                return above, (lines[above - 1],) if above < top else ()
            above -= 1
        return _after_filled(lines, above), ()
    if best >= MAYBE or (
        best == PART
        and is_list(lines[top:last])
        and (is_yaml or top == 0 or not lines[top - 1].strip() or ITEM.fullmatch(lines[top]) is None)
    ):
        above = _after_filled(lines, top)
        margin = next((at for at in range(above - 1, -1, -1) if lines[at][:1] not in ("", " ", "\t")), -1)
        is_own = (
            margin < 0
            or lines[top][0] in " \t"
            or lines[margin].startswith("-")
            or (margin == above - 1 and lines[margin].rstrip().endswith(":"))
        )
        if not is_yaml or doubts or not is_own:
            return last, tuple(line for line in lines[top:last] if line.strip())
    return len(lines), _out_of_place(lines[top:last], path)


def _out_of_place(lines: Sequence[str], path: str) -> tuple[str, ...]:
    """Those of the first or the last lines of a file that its language does not have, though nothing tells what they are: a
    row of a table, words with a colon, an item of a list, a heading, a rule."""
    is_yaml = ending(path) in (".yml", ".yaml")
    is_bare = not is_yaml and bool(ending(path)) and ending(path) not in _FREE
    has_comments = ending(path) in _COMMENTS or not ending(path)
    found = []
    for at, line in enumerate(lines):
        text = line.rstrip()
        if not text or text[0] in " \t":
            continue
        is_label = ANNOUNCED.fullmatch(text) is not None and text[-1] == ":"
        follows = lines[at + 1] if at + 1 < len(lines) else ""
        if (
            TABLE.fullmatch(text)
            or (is_label and (is_bare or (word_count(text) > 1 and not follows.strip())))
            or ((is_bare or (is_yaml and text[0] != "-")) and ITEM.fullmatch(text))
            or (is_bare and not has_comments and text.startswith("##") and HEADING.fullmatch(text))
            or (is_bare and text[0] in "-*_=" and ending(path) not in _DASHED and RULE.fullmatch(text))
        ):
            found.append(line)
    return tuple(found)


def _is_given_back(line: str, path: str) -> bool:
    """True for a line above what is said that is rather the file's: an item of a list in it."""
    if not line.strip():
        return True
    is_item = grade(line, path) == PART and ITEM.fullmatch(line.strip()) is not None
    return is_item and (line[0] in " \t" or ending(path) in (".yml", ".yaml"))


def is_list(lines: Sequence[str]) -> bool:
    """True for a list with what may stand around it."""
    filled = [line for line in lines if line.strip()]
    items = sum(ITEM.fullmatch(line.strip()) is not None and word_count(line) >= 2 for line in filled)
    return items > 0 and all(
        ITEM.fullmatch(line.strip()) or line[0] == "#" or RULE.fullmatch(line) or ANNOUNCED.fullmatch(line) for line in filled
    )


def _head(lines: Sequence[str], stop: int, path: str) -> tuple[int, tuple[str, ...]]:
    """The index of the file's first line below what is said above it."""
    at = 0
    while at < min(stop, MAX_HEAD) and (not lines[at].strip() or grade(lines[at], path) in (SURE, PART)):
        if sentences.opens_block(lines, at) and grade(lines[at], path) == PART:
            break
        at += 1
    said = [line for line in lines[:at] if line.strip()]
    if not said or at == stop or not any(grade(line, path) == SURE for line in said):
        first = lines[at] if not said and at + 1 < stop else ""
        if ANNOUNCED.fullmatch(first.rstrip()) and word_count(first) > 1 and not lines[at + 1].strip():
            return 0, (first,)  # a key of YAML with nothing below
        if not said or at == stop:
            return 0, ()
        has_items = ending(path) not in (".yml", ".yaml") and is_list(said)
        return 0, tuple(said) if has_items else _out_of_place(lines[:at], path)
    is_apart = at > 0 and not lines[at - 1].strip()
    if opener(lines[at].strip()) is not None:
        return 0, tuple(said)
    if is_apart or said[-1].rstrip().endswith(":"):
        return at, ()
    return 0, tuple(said)


def _chat(lines: Sequence[str], *, is_page: bool) -> tuple[str, ...]:
    """What of text for people an assistant says of its own work, in the last paragraphs and in the first; the names of other
    files over fences, which only a page has; and of a page sentences above its title, and words with a colon at its end."""
    last = _after_filled(lines, len(lines))
    found = []
    for at in range(last - 1, max(last - MAX_HEAD, 0) - 1, -1):
        is_first = at == 0 or not lines[at - 1].strip()
        said = closings.SIGNS_BEHIND.sub("", LEAD.sub("", lines[at].strip()[:MAX_LINE], count=1))
        if is_first and (closings.OWN_WORK.fullmatch(said) or closings.NO_OTHERS.fullmatch(said)):
            found.append(lines[at])
    first = next((at for at in range(last) if lines[at].strip()), None)
    if first is not None and last - first > 1 and closings.OWN_WORK.fullmatch(lines[first].strip()[:MAX_LINE]):
        found.append(lines[first])
    title = next((at for at, line in enumerate(lines[: min(MAX_HEAD, last)]) if line.startswith(("# ", "#!"))), 0)
    found += [line for line in lines[:title] if line[:1].isalpha() and line.rstrip()[-1:] in (".", ":", "!")]
    below = lines[last - 1].rstrip() if last > 1 and not lines[last - 2].strip() else ""
    if len(below) <= MAX_LINE and closings.ABOUT_WORK.fullmatch(below):
        found.append(lines[last - 1])
    if is_page and last:
        found += [line for line in lines[last - 1 : last] if line[:1].isalpha() and line.rstrip().endswith(":")]
    for at, line in enumerate(lines):
        if line[:3] in ("```", "~~~") and not is_page and at and NAME.fullmatch(lines[at - 1].strip()):
            found.append(lines[at - 1])
    return tuple(found)


def _after_filled(lines: Sequence[str], at: int) -> int:
    while at > 0 and not lines[at - 1].strip():
        at -= 1
    return at
