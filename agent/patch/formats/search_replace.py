"""SEARCH/REPLACE blocks: a path, then the old lines and the new ones, as aider and Cline define them.

https://aider.chat/docs/more/edit-formats.html (``diff``), and Cline's ``replace_in_file``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from agent.matching import from_ends, opcodes
from agent.patch.formats import headings, named_fences, starts
from agent.patch.formats.answer_lines import AnswerLines
from agent.patch.formats.paths import cleaned
from agent.patch.model import EditsInvalid, FileEdit, Line, PatchHunk

_DIVIDER = re.compile(r"(={3,12})[ \t]*")
_ITEM = re.compile(r"[ ]*(?:[-*+]|\d{1,3}[.)])[ ]")
"""Of a list, to which what is indented below it belongs."""

_NUMBERED = re.compile(r":(?:start|end)_line:[ \t]*\d{1,7}")
_RULE = re.compile(r"-{5,9}")
_USUAL = range(5, 10)
"""Signs of a divider, whatever the number of those that open the block."""

_VERB = re.compile(
    r"(?:(?:please |now |then |next,? |and |also )?"
    r"(?:create|add|update|edit|modify|change|fix|rewrite|write)(?: the)?(?: new)?|new)"
    r"(?: file)?[ :]+(?=\S+$)",
    re.IGNORECASE,
)
"""What may be said before the only path of a line."""
_SPACED = re.compile(r"(?:[^/]{1,100}/)+[^/]{0,100}\.[A-Za-z]\w{0,9}|[^/ ]{1,60} [^/]{1,60}\.[A-Za-z]\w{0,9}")
MAX_READINGS = 8
_HEADED = (".rst", ".md", ".mdx", ".markdown", ".txt", ".adoc", ".asciidoc", ".mkd")
"""Files in which a line of ``=`` is the underline of a heading."""

MAX_CELLS = 250_000
"""Above this product of lines a block is compared from its ends only, which is linear."""


class BlockReader:
    """Reads the blocks among the lines of an answer."""

    def __init__(self, answer: AnswerLines) -> None:
        self._answer = answer
        self._found: dict[str, list[PatchHunk]] = {}
        self._path: str | None = None

    def starts(self, at: int) -> bool:
        """True when a block begins at this line, indented or not."""
        line = self._answer.plain[at]
        return ("<<<" in line[:200] and starts.OPEN.fullmatch(line.strip()) is not None) or (
            line.startswith("-----") and starts.OPEN.fullmatch(line.rstrip()) is not None
        )

    def step(self, at: int) -> int:
        """Reads the block that begins at this line; returns the index after it. Raises ``EditsInvalid``."""
        lines = self._answer.plain
        names, number = self._names(at)
        if len(names) > 1:
            raise EditsInvalid(
                f"Line {number + 1}, above a block, names several files.",
                line=number + 1,
                hint="Write the file's path alone on the line above its block.",
            )
        if not names and self._path is not None:
            names = headings.since_last_edit(self._answer, at)[:1]
            if not names:
                named_fences.refuse_other_file(self._answer, at, [self._path])
        self._path = names[0] if names else self._path
        if self._path is None:
            raise EditsInvalid(
                f"The block at line {at + 1} names no file.",
                line=at + 1,
                hint="Write the file's path alone on the line above it.",
            )
        end = _end(lines, at)
        depth = len(lines[at]) - len(lines[at].lstrip(" "))
        if number < 0 or lines[number].startswith(" " * depth) or _ITEM.match(lines[number]):
            self._answer.outdent(at, end + 1, depth)
        self._found.setdefault(self._path, []).append(_block(lines, at, end, self._path))
        if number >= 0:
            self._answer.take(number, number + 1)
        return self._answer.take(at, end + 1)

    def forget_path(self) -> None:
        """The next block must name its file: another edit stands between."""
        self._path = None

    def edits(self) -> list[FileEdit]:
        """The blocks by file, in the order of the files' first blocks."""
        return [_edit(name, hunks) for name, hunks in self._found.items()]

    def _names(self, at: int) -> tuple[list[str], int]:
        hit = starts.OPEN.fullmatch(self._answer.plain[at].strip())
        behind = cleaned(hit[1]) if hit is not None and hit[1].strip() else ""
        if behind and headings.is_path(behind):
            return [behind], -1
        found, number = headings.above(self._answer, at)
        if found:
            return found, number
        near = list(self._answer.above(at, 2))
        line = self._answer.plain[near[0]].strip() if near else ""
        name = cleaned(_VERB.sub("", line.lstrip("# *_").rstrip("*_"), count=1).strip())
        if name and headings.is_path(name) and (headings.is_telling(name) or _may_have_spaces(name, alone=len(near) == 1)):
            return [name], near[0]
        return [], -1


def _may_have_spaces(name: str, *, alone: bool) -> bool:
    """True for a path with spaces, which must look like a file, and for a single word where nothing else is said."""
    if " " not in name:
        return alone or "/" in name or "." in name
    return _SPACED.fullmatch(name) is not None


def _edit(path: str, hunks: Sequence[PatchHunk]) -> FileEdit:
    first = hunks[0]
    if len(hunks) == 1 and not first.alternatives and not any(line.text.strip() for line in first.lines if line.tag != "+"):
        content = "".join(f"{text}\n" for text in first.new())
        return FileEdit((path,), "create", content=content, line=first.line)
    return FileEdit((path,), "modify", tuple(hunks), line=first.line)


def _end(lines: Sequence[str], start: int) -> int:
    """The index of the line that closes the block."""
    divided = False
    for at in range(start + 1, len(lines)):
        line = lines[at].strip() if lines[at][:1] == " " else lines[at].rstrip()
        if starts.OPEN.fullmatch(line):
            break
        if starts.CLOSE.fullmatch(line) and (divided or line.rstrip(">") != ""):
            return at
        divided = divided or _DIVIDER.fullmatch(line) is not None
    raise EditsInvalid(
        f"The block at line {start + 1} has no REPLACE line: the answer looks cut off.", line=start + 1,
        hint="Close every block with `>>>>>>> REPLACE`.",
    )  # fmt: skip


def _block(lines: Sequence[str], start: int, end: int, path: str) -> PatchHunk:
    signs = len(lines[start].strip()) - len(lines[start].strip().lstrip("<-"))
    indented = lines[start].startswith(" ")
    number, start = start + 1, _head(lines, start, end)
    dividers = []
    for at in range(start + 1, end):
        hit = _DIVIDER.fullmatch(lines[at].strip() if indented else lines[at])
        if hit is not None and (len(hit[1]) in _USUAL or len(hit[1]) == signs):
            dividers.append(at)
    if dividers:
        dividers += _before_end(lines, start, end, dividers, path)
    if not dividers:
        raise EditsInvalid(
            f"The block at line {number} has no line `=======` between its two parts.", line=number,
            hint="Separate the old lines from the new ones with `=======`.",
        )  # fmt: skip
    ways = [_compared(old, new, number) for old, new in _readings(lines, start, end, dividers, path)]
    if not ways:
        raise EditsInvalid(
            f"The block at line {number} has more than one line `=======`, at line "
            f"{', '.join(str(at + 1) for at in dividers[:MAX_READINGS])}, so its two parts are not clear.", line=number,
            hint="Separate the old lines from the new ones with one `=======`.",
        )  # fmt: skip
    return ways[0] if len(ways) == 1 else PatchHunk((), line=number, alternatives=tuple(ways))


def _head(lines: Sequence[str], start: int, end: int) -> int:
    """The last line of what stands above the old part: the line numbers of Roo Code, which only say where it was read."""
    at = start + 1
    while at < end and _NUMBERED.fullmatch(lines[at].strip()):
        at += 1
    return at if start + 1 < at < end and _RULE.fullmatch(lines[at].strip()) else start


def _before_end(lines: Sequence[str], start: int, end: int, dividers: Sequence[int], path: str) -> list[int]:
    """The last line of the new part where it is one of ``=``, of any length, that the old part does not have, and underlines no
    heading of a page."""
    at = end - 1
    while at > dividers[-1] and not lines[at].strip():
        at -= 1
    line = lines[at].strip()
    is_mark = at > dividers[-1] and len(line) > 2 and not line.strip("=")
    if not is_mark or (path.lower().endswith(_HEADED) and _underlines(lines, at, dividers[-1] + 1)):
        return []
    return [] if any(text.strip() == line for text in lines[start + 1 : dividers[-1]]) else [at]


def _readings(
    lines: Sequence[str], start: int, end: int, dividers: Sequence[int], path: str
) -> list[tuple[list[str], list[str]]]:
    """The two parts in every way that they may be meant, the longest old part first.

    A divider more than one is a slip where it stands at an edge of the new part or above the old one, and is left out;
    elsewhere it is text where it underlines a heading. The file tells which reading it is.
    """
    if len(dividers) == 1:
        return [(list(lines[start + 1 : dividers[0]]), list(lines[dividers[0] + 1 : end]))]
    known = set(dividers)
    found: list[tuple[list[str], list[str]]] = []
    top = start + 1
    while top in known:
        top += 1
    for at in reversed(dividers[:MAX_READINGS]):
        for first in dict.fromkeys((start + 1, min(top, at))):
            found += [(list(lines[first:at]), list(lines[a:b])) for a, b in _new_parts(lines, first, at, end, dividers, path)]
    return found


def _new_parts(
    lines: Sequence[str], start: int, at: int, end: int, dividers: Sequence[int], path: str
) -> Iterator[tuple[int, int]]:
    """Where the new part may begin and end below the divider at ``at``, if the old part begins at ``start``."""
    own = {lines[number].strip() for number in dividers if start <= number < at}
    strays = {number for number in dividers if number > at and lines[number].strip() not in own}
    first = at + 1
    filled = next((number for number in range(first, end) if lines[number].strip()), end)
    while filled in strays:
        first = filled + 1
        filled = next((number for number in range(first, end) if lines[number].strip()), end)
    last = _without_divider(lines, at, end, strays)
    headed = path.lower().endswith(_HEADED) or any(number < at for number in dividers)
    for a, b in dict.fromkeys(((at + 1, end), (first, end), (at + 1, last), (first, last))):
        inside = [number for number in dividers if a <= number < b]
        may_have = not inside or headed or _is_heading(lines, inside)
        if a <= b and may_have and all(lines[number].strip() in own or _underlines(lines, number, a) for number in inside):
            yield a, b


def _without_divider(lines: Sequence[str], at: int, end: int, strays: Collection[int]) -> int:
    """The end of the new part without the dividers that are its last lines, and the blank ones around them."""
    last = end
    for number in range(end - 1, at, -1):
        if number in strays:
            last = number
        elif lines[number].strip():
            break
    return last


def _is_heading(lines: Sequence[str], inside: Sequence[int]) -> bool:
    """True for one line of ``=`` of another length than a divider's below a line just as long: a heading in a comment."""
    size = len(lines[inside[0]].strip())
    return len(inside) == 1 and size not in _USUAL and abs(len(lines[inside[0] - 1].rstrip()) - size) <= 1


def _underlines(lines: Sequence[str], at: int, first: int) -> bool:
    above = lines[at - 1].rstrip() if at > first else ""
    return bool(above.strip()) and len(above) <= len(lines[at].rstrip()) + 1 and not _DIVIDER.fullmatch(above)


def _compared(old: Sequence[str], new: Sequence[str], number: int) -> PatchHunk:
    return PatchHunk(tuple(compared(old, new)), line=number)


def compared(old: Sequence[str], new: Sequence[str]) -> list[Line]:
    """``old`` and ``new`` as one hunk's lines: what both have is context, so that the file's own bytes of it stay."""
    blocks = opcodes(old, new) if len(old) * len(new) <= MAX_CELLS else from_ends(old, new)
    result: list[Line] = []
    for kind, a, b, c, d in blocks:
        if kind == "equal":
            result += [Line(" ", text) for text in old[a:b]]
        else:
            result += [Line("-", text) for text in old[a:b]] + [Line("+", text) for text in new[c:d]]
    return result
