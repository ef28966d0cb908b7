"""Fences that may hold files: where each ends, if it holds fences itself, and its lines without a list's indentation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from agent.patch.file_kinds import kind_of
from agent.patch.formats.answer_lines import at_margin
from agent.patch.formats.fences import closes
from agent.patch.formats.manifest import goes_on
from agent.patch.formats.open_text import OpenText

_OPEN = re.compile(r"(`{3,}|~{3,})[ \t]*([^`\n]*)")
_RUN = re.compile(r"^[ \t]*(`{3,})", re.MULTILINE)
_PAGE = re.compile(r"\.(?:md|mdx|markdown|rst|txt|adoc)\b|\b(?:markdown|md)\b", re.IGNORECASE)
STEPS = 20
"""Lines looked at for each line of the answer, at most."""


PathOf = Callable[[str, str, str], str | None]
"""The path that is named by the line before a fence, by what stands behind its opening, or by its first line."""


def fences(lines: Sequence[str], path_of: PathOf) -> Iterator[tuple[str, str, list[str] | None]]:
    """The last filled line before each fence, what stands behind its opening, and its lines; None where nothing tells where it
    ends or how it is indented."""
    at, before = 0, ""
    left = STEPS * len(lines) + 1_000
    while at < len(lines):
        hit = opener(lines[at])
        if hit is None:
            before = lines[at] if lines[at].strip() else before
            at += 1
            continue
        path = path_of(before, hit[1], lines[at + 1] if at + 1 < len(lines) else "")
        is_program = path is not None and kind_of(path) == "code"
        end = _end(lines, at, hit[0], path_of, left, is_program=is_program)
        if end is None or (_PAGE.search(f"{before[:300]} {hit[1]}") and _may_go_on(lines, end, hit[0], path_of)):
            yield before, hit[1], None
            return
        left -= end - at
        yield before, hit[1], _at_margin(lines[at + 1 : end], lines[at])
        at, before = end + 1, ""


def opener(line: str) -> tuple[str, str] | None:
    """The signs of the fence that the line opens or closes, and what stands behind them; None for any other line."""
    text = line.strip()
    hit = _OPEN.fullmatch(text) if text[:3] in ("```", "~~~") else None
    return None if hit is None else (hit[1], hit[2])


def fenced(path: str, text: str) -> str:
    """``text`` in a fence that nothing in it closes, in which nothing is taken for what is said around a file."""
    longest = max(map(len, _RUN.findall(text)), default=0)
    fence = "`" * max(longest + 1, 4 if kind_of(path) == "text" else 3)
    return f"{fence}\n{text}" + ("" if text.endswith("\n") else "\n") + f"{fence}\n"


def _end(lines: Sequence[str], start: int, fence: str, path_of: PathOf, most: int, *, is_program: bool) -> int | None:
    """The line that closes the fence. One of the fence's own depth that opens another within, as it says a language or has text
    directly below, is closed first; in a program such a one stands in a string or a comment."""
    prefix = _indent(lines[start])
    nested = 0
    texts = OpenText(lines, start + 1) if is_program else None
    plain: list[int] = []
    for at in range(start + 1, min(len(lines), start + 1 + max(most, 0))):
        hit = opener(lines[at])
        if hit is None or hit[0][0] != fence[0] or len(_indent(lines[at])) > len(prefix) + 3:
            continue
        if not closes(lines[at].strip(), fence):
            nested += bool(hit[1]) and len(hit[0]) >= len(fence)
            continue
        plain.append(at)
        below = lines[at + 1].strip() if at + 1 < len(lines) else ""
        if nested:
            nested -= 1
        elif not below or goes_on(below) or path_of(below, "", "") or (texts and not texts.may_hold(at)):
            return at
        else:
            nested += 1
    return plain[0] if len(plain) == 1 and nested == 1 else None


def _may_go_on(lines: Sequence[str], end: int, fence: str, path_of: PathOf) -> bool:
    """True where what stands below the fence of a page may be the page's: it is not clearly said, and another fence follows."""
    below = next((line.strip() for line in lines[end + 1 :] if line.strip()), "")
    if not below or goes_on(below) or path_of(below, "", "") or opener(below) is not None:
        return False
    return any(closes(line.strip(), fence) for line in lines[end + 1 :])


def _at_margin(body: Sequence[str], opening: str) -> list[str] | None:
    """The lines without the indentation of the fence, where they have it; None where only some of them do, or where all of them
    are indented in another way."""
    prefix = _indent(opening)
    filled = [line for line in body if line.strip()]
    if not prefix or not filled:
        return list(body)
    has_prefix = [line.startswith(prefix) for line in filled]
    result = at_margin(body, prefix) if all(has_prefix) else list(body)
    is_clear = all(has_prefix) or not has_prefix[0]
    return result if is_clear and any(line.strip() and line[0] not in " \t" for line in result) else None


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]
