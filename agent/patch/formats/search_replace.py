"""SEARCH/REPLACE blocks: a path, then the old lines and the new ones, as aider and Cline define them.

https://aider.chat/docs/more/edit-formats.html (``diff``), and Cline's ``replace_in_file``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.matching import from_ends, opcodes
from agent.patch.formats.fences import opener
from agent.patch.formats.paths import cleaned
from agent.patch.model import EditsInvalid, FileEdit, Line, PatchHunk

OPEN = re.compile(r"(?:<{5,9}|-{5,9}) ?(?:SEARCH|ORIGINAL)\b[ \t]*>?[ \t]*(.*)")
_DIVIDE = re.compile(r"={5,9}[ \t]*")
_CLOSE = re.compile(r"(?:>{5,9}|\+{5,9}) ?(?:REPLACE|UPDATED)\b.*")
_LABEL = re.compile(r"(?:[#*\-\d. ]{0,8})(?:FILE|File|file|Path|path|Filename|filename)[ \t]*:[ \t]*(\S.*)")
_WORDS = re.compile(r"[^\s`*\"'<>|?]{1,200}(?: [^\s`*\"'<>|?]{1,100}){0,3}")
MAX_CELLS = 250_000
"""Above this product of lines a block is compared from its ends only, which is linear."""


def read(text: str, *, strict: bool = False) -> list[FileEdit]:
    """The blocks of ``text`` by file, in the order of the files' first blocks. Raises ``EditsInvalid``."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    found: dict[str, list[PatchHunk]] = {}
    path: str | None = None
    at, after = 0, 0
    while at < len(lines):
        hit = OPEN.fullmatch(lines[at].rstrip())
        if hit is None:
            at += 1
            continue
        _no_whole_file(lines[after:at], after)
        path = _path(lines[after:at], hit[1]) or path
        if strict:
            _only_names(lines[after:at], after)
        if path is None:
            raise EditsInvalid(
                f"The block at line {at + 1} names no file.",
                line=at + 1,
                hint="Write the file's path alone on the line above it.",
            )
        hunk, after = _block(lines, at)
        found.setdefault(path, []).append(hunk)
        at = after
    _no_whole_file([*lines[after:], "", "", ""], after)
    if strict and any(line.strip() and opener(line) is None for line in lines[after:]):
        raise EditsInvalid(
            f"There is text after the last block, at line {after + 1}.", line=after + 1, hint="Send only blocks."
        )
    if not found:
        raise EditsInvalid("The answer contains no SEARCH/REPLACE block.", hint="Send blocks, each below its file's path.")
    return [_edit(name, hunks) for name, hunks in found.items()]


def _edit(path: str, hunks: Sequence[PatchHunk]) -> FileEdit:
    first = hunks[0]
    if len(hunks) == 1 and not first.alternatives and not any(line.text.strip() for line in first.lines if line.tag != "+"):
        content = "".join(f"{text}\n" for text in first.new())
        return FileEdit((path,), "create", content=content, line=first.line)
    return FileEdit((path,), "modify", tuple(hunks), line=first.line)


def _block(lines: Sequence[str], start: int) -> tuple[PatchHunk, int]:
    end = start + 1
    while end < len(lines) and not _CLOSE.fullmatch(lines[end].rstrip()):
        if OPEN.fullmatch(lines[end].rstrip()):
            break
        end += 1
    if end == len(lines) or not _CLOSE.fullmatch(lines[end].rstrip()):
        raise EditsInvalid(
            f"The block at line {start + 1} has no REPLACE line: the answer looks cut off.", line=start + 1,
            hint="Close every block with `>>>>>>> REPLACE`.",
        )  # fmt: skip
    dividers = [at for at in range(start + 1, end) if _DIVIDE.fullmatch(lines[at])]
    if not dividers:
        raise EditsInvalid(
            f"The block at line {start + 1} has no line `=======` between its two parts.", line=start + 1,
            hint="Separate the old lines from the new ones with `=======`.",
        )  # fmt: skip
    ways = [_compared(lines[start + 1 : at], lines[at + 1 : end], start + 1) for at in dividers[:8]]
    return (ways[0] if len(ways) == 1 else PatchHunk((), line=start + 1, alternatives=tuple(ways))), end + 1


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


def _path(above: Sequence[str], after_marker: str) -> str | None:
    """The path named in the last lines above a block, or on its first line."""
    if after_marker.strip() and _is_path(cleaned(after_marker)):
        return cleaned(after_marker)
    near = [line.strip() for line in above if line.strip() and opener(line.strip()) is None][-2:]
    fenced = [line.strip().lstrip("`~").strip().split(" ")[-1] for line in above[-3:] if opener(line.strip()) is not None]
    for line in (*reversed(near), *fenced):
        label = _LABEL.fullmatch(line)
        name = cleaned(label[1] if label else line.lstrip("# ").strip())
        if _is_path(name) and (label or "/" in name or "." in name or len(near) == 1):
            return name
        if label is None and line == (near[-1] if near else ""):
            continue
    return None


def _no_whole_file(between: Sequence[str], start: int) -> None:
    """Refuses a ``FILE:`` line that a whole file follows instead of a block: it would be lost as prose."""
    filled = [(at, line) for at, line in enumerate(between) if line.strip() and opener(line.strip()) is None]
    for at, line in filled[:-1]:
        if line.startswith("FILE:"):
            number = start + at + 1
            raise EditsInvalid(
                f"Line {number} starts a whole file among SEARCH/REPLACE blocks.", line=number, hint="Send one format only."
            )


def _is_path(name: str) -> bool:
    return (
        bool(_WORDS.fullmatch(name))
        and not name.endswith((":", ",", ";"))
        and (" " not in name or "/" in name or "." in name[-6:])
    )


def _only_names(above: Sequence[str], start: int) -> None:
    filled = [line for line in above if line.strip() and opener(line.strip()) is None]
    if len(filled) > 1:
        raise EditsInvalid(f"There is prose before the block after line {start + 1}.", line=start + 1, hint="Send only blocks.")
