"""Edits of other formats behind a whole file: where its text ends, and which of its lines only look like edits.

A whole file may hold anything, the documentation of a diff too. What begins an edit outside of the file's own fence is one;
within a fence, or in Markdown's examples, it is told only by the file as it was, so the line is handed on as a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.patch.file_kinds import kind_of
from agent.patch.formats import headings, remarks, said_between, said_lines, sentences, starts
from agent.patch.formats.fences import closes, opener
from agent.patch.model import EditsInvalid

PATCHES = (".diff", ".patch", ".rej")
MARKDOWN = (".md", ".mdx", ".markdown", ".rst")
MAX_ABOVE = 3
MAX_SAID = 3
"""Lines said between a FILE line and the edit of the file."""
QUOTING = 4
"""Signs of a fence that says that all in it is the file's."""

_HEAD = re.compile(
    r"[ \t]{0,3}(?:(?:#{1,6}|[-*>]|//|--)[ \t]*)?(?:\*\*|__|`)?(FILE|File|file)(?:[ _]?(?:name|path|NAME|PATH))?(?:\*\*|__|`)?"
    r"[ \t]*(:|=|[ \t])(?:\*\*)?[ \t]*[`\"']?([^\s`\"'*]{1,300})[`\"'*]{0,3}:?[ \t]*"
)
_CONFLICT = re.compile(r"(?:<{7}|>{7})[ \t]+\S.*|</?(?:SEARCH|REPLACE)>")
"""Of a merge, or a block with damaged marks; no program has such a line."""


def follows(lines: Sequence[str], at: int, path: str) -> bool:
    """True where the FILE line at ``at`` only names the file of the edit below it."""
    said = 0
    for number in range(at + 1, min(at + 8, len(lines))):
        line = lines[number]
        if not line.strip() or opener(line.strip()) is not None:
            continue
        if said < MAX_SAID and said_lines.is_said(line):
            said += 1
            continue
        if starts.OPEN.fullmatch(line.strip()) or starts.ENVELOPE.fullmatch(line.rstrip()):
            return True
        is_other = said and kind_of(path) == "text" and not any(path in name for name in lines[number : number + 2])
        return starts.of_diff(lines, number) and not path.endswith(PATCHES) and not is_other
    return False


def cut(lines: Sequence[str], start: int, stop: int, path: str) -> tuple[int, Sequence[str]]:
    """Where the text of ``path`` ends that begins at ``start``, ``stop`` at the latest, and the lines in it that are in doubt.

    Raises ``EditsInvalid`` where prose stands between it and the edit that ends it.
    """
    if path.lower().endswith(PATCHES):
        return stop, ()
    doubts: list[str] = []
    said = said_between.fence_below(lines[start:stop], path)
    if said is not None:
        start += said
    own = fence = _own_fence(lines, start, stop)
    first = next((at for at in range(start, stop) if lines[at].strip()), stop)
    for at in range(first + (own is not None), stop):
        line = lines[at]
        if fence is not None:
            if closes(line, fence):
                fence, start = None, at + 1
            elif len(fence) < QUOTING and _begins(lines, at):
                doubts.append(line)
            continue
        indented = line[:1] == " " and _begins([text.strip(" ") for text in lines[at : at + 3]], 0)
        if not _begins(lines, at) and not (indented and own is not None):
            if indented or _is_damaged_head(lines, at, path) or _CONFLICT.fullmatch(line):
                doubts.append(line)
            if path.lower().endswith(MARKDOWN) and opener(line) is not None:
                fence = opener(line)
            continue
        end = _name_above(lines, at, start)
        if own is None or len(own) < QUOTING:
            _refuse_prose(lines, start, end, path, quoted=own is not None)
        return end, doubts
    return stop, doubts


def _own_fence(lines: Sequence[str], start: int, stop: int) -> str | None:
    line = next((lines[at] for at in range(start, stop) if lines[at].strip()), "")
    return opener(line.lstrip(" ")) if len(line) - len(line.lstrip(" ")) <= 3 else None


def _begins(lines: Sequence[str], at: int) -> bool:
    line = lines[at]
    if "<<<" in line[:40] or line.startswith("-----"):
        return starts.OPEN.fullmatch(line.strip()) is not None
    if line.startswith("***"):
        return starts.ENVELOPE.fullmatch(line.rstrip()) is not None
    if line.startswith("diff --git "):
        return True
    return (
        line.startswith("--- ")
        and starts.of_names(lines, at)
        and at + 2 < len(lines)
        and lines[at + 2][:1] in ("@", "-", "+", " ")
    )


def _name_above(lines: Sequence[str], at: int, start: int) -> int:
    """The index of the line that names the file of the edit at ``at``, or of the first that belongs to that edit."""
    end = at
    for number in range(at - 1, max(start, at - MAX_ABOVE) - 1, -1):
        line = lines[number].strip()
        if not line:
            continue
        if opener(line) is not None and end == at:
            end = number
            continue
        return number if headings.named(line) else end
    return end


def _refuse_prose(lines: Sequence[str], start: int, end: int, path: str, *, quoted: bool) -> None:
    last = next((at for at in range(end - 1, start - 1, -1) if lines[at].strip()), None)
    if last is None or (quoted and not path.lower().endswith(MARKDOWN)):
        return
    line, is_text = lines[last].strip(), kind_of(path) == "text"
    doubts = () if quoted else remarks.of_file(lines[start : last + 1], path).doubts
    announces = is_text and line.endswith(":") and line[0].isupper() and not sentences.is_code(line)
    if quoted or announces or doubts:
        raise EditsInvalid(
            f"Line {last + 1} stands between the whole file {path} and the edit below it: {line[:80]!r}.",
            line=last + 1,
            hint="Put each whole file in a fence of its own, or send one format only.",
        )


def _is_damaged_head(lines: Sequence[str], at: int, path: str) -> bool:
    """True for a line that is nearly a FILE line and names another file."""
    line = lines[at]
    if "ile" not in line[:24] and "FILE" not in line[:24]:
        return False
    hit = _HEAD.fullmatch(line[:500])
    if hit is None or not headings.is_telling(hit[3]) or path.endswith(hit[3]) or hit[3].endswith(path):
        return False
    if hit[1] == "file":
        return at + 1 < len(lines) and opener(lines[at + 1].strip()) is not None
    return (hit[1] == "FILE" or hit[2] in ":=") and (at == 0 or not lines[at - 1].strip() or hit[1] == "FILE")
