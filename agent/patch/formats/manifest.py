"""The FILE manifest: ``FILE: path`` alone on a line, then the whole file until the next such line.

Models wrap it: the whole answer in one Markdown fence, each file in its own, prose before and between. Tolerant reading
takes the wrapping off; a fence that never closes means that the answer was cut off, and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.patch.bounds import check_text
from agent.patch.formats.paths import forward
from agent.patch.model import EditsInvalid, FileEdit

_BOLD = re.compile(r"(?:#{1,6}[ \t]+)?(?:\*\*|__)FILE:[ \t]*`?")
_MARKDOWN = (".md", ".mdx", ".markdown", ".rst", ".txt")


class ManifestInvalid(EditsInvalid):
    """The text is not a FILE manifest."""


@dataclass(frozen=True)
class FileBlock:
    """One file of a manifest: the path as written, its text with ``\\n`` line ends, the 1-based line of its FILE line."""

    path: str
    content: str
    line: int = 0


@dataclass(frozen=True)
class _Raw:
    path: str
    line: int
    lines: list[str]


def parse_manifest(text: str, *, strict: bool = False) -> list[FileBlock]:
    """Reads a FILE manifest; raises ``ManifestInvalid``. Paths are not checked here.

    A file's text ends with exactly one newline: blank lines before the next FILE line only separate. ``strict`` refuses
    anything before the first FILE line and takes every block as it stands, fences included.
    """
    check_text(text)
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    prose, raw = _split(lines, strict=strict)
    if not raw:
        raise ManifestInvalid(
            "The answer contains no file: no line starts with `FILE: path`.",
            hint="Answer with `FILE: path` alone on a line, then the whole file, for every file.",
        )
    if strict:
        stray = next((number for number, line in enumerate(prose, 1) if line.strip()), None)
        if stray is not None:
            raise ManifestInvalid(
                f"Line {stray} is text outside a file.", line=stray, hint="Start with `FILE: path`, without any prose."
            )
        return [FileBlock(block.path, _joined(block.lines), block.line) for block in raw]
    return _unwrapped(prose, raw)


def read(text: str, *, strict: bool = False) -> list[FileEdit]:
    """The manifest's files as edits. Raises ``ManifestInvalid``."""
    blocks = parse_manifest(text, strict=strict)
    return [FileEdit((block.path,), "write", content=block.content, line=block.line) for block in blocks]


def _split(lines: Sequence[str], *, strict: bool) -> tuple[list[str], list[_Raw]]:
    prose: list[str] = []
    raw: list[_Raw] = []
    for number, line in enumerate(lines, 1):
        path = _path_of(line, strict=strict)
        if path is not None:
            raw.append(_Raw(path, number, []))
        else:
            (raw[-1].lines if raw else prose).append(line)
    return prose, raw


def _path_of(line: str, *, strict: bool) -> str | None:
    if "FILE:" not in line[:16]:
        return None
    if not strict and (path := _decorated(line)):
        return path
    if not line.startswith(("FILE: ", "FILE:\t")):
        return None
    return _name(line[5:].strip(" \t"))


def _decorated(line: str) -> str | None:
    """The path of a heading in bold or in backticks."""
    bold = _BOLD.match(line)
    if bold is not None:
        if not line.endswith(("**", "__")):
            return None
        return _name(line[bold.end() : -2].rstrip(" \t").removesuffix("`"))
    quoted = line[5:].strip(" \t") if line.startswith("FILE:") else ""
    return _name(quoted[1:-1]) if len(quoted) > 2 and quoted[0] == quoted[-1] == "`" else None


def _name(text: str) -> str | None:
    return forward(text) if text and not text[0].isspace() else None


def _fence(line: str) -> tuple[str, str] | None:
    """The characters of the fence that ``line`` is, and what is written behind them; None for any other line."""
    text = line.lstrip(" ")
    char = text[:1]
    if char not in ("`", "~") or len(line) - len(text) > 3:
        return None
    info = text.lstrip(char)
    size = len(text) - len(info)
    return (text[:size], info.strip(" \t")) if size >= 3 and "`" not in info else None


def _unwrapped(prose: list[str], raw: list[_Raw]) -> list[FileBlock]:
    fence = _trailing_opener(prose, inside=None)
    blocks = []
    for block in raw:
        lines = block.lines
        if fence is None:
            lines, fence = _inner(block)
        else:
            lines, closed = _until_close(lines, fence)
            if closed is not None:
                fence = _trailing_opener(closed, inside=None)
        blocks.append(FileBlock(block.path, _joined(lines), block.line))
    if fence is not None:
        last = raw[-1]
        raise ManifestInvalid(
            f"The fence around {last.path} is never closed: the answer looks cut off.",
            line=last.line,
            hint="Send the whole answer again, shorter or in fewer files.",
        )
    return blocks


def _inner(block: _Raw) -> tuple[list[str], str | None]:
    """A block outside of any fence: takes off a fence of its own; returns the fence that a next FILE line is inside of."""
    lines = block.lines
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    opener = None if first is None else _fence(lines[first])
    if first is None or opener is None:
        after = _trailing_opener(lines, inside=None)
        if after is None or _is_markdown(block.path):
            return lines, None
        return lines[: _last_filled(lines)], after
    if _is_markdown(block.path) and not _wraps(lines[first:]):
        return lines, None
    body, rest = _until_close(lines[first + 1 :], opener[0])
    if rest is None:
        return body, opener[0]
    return body, _trailing_opener(rest, inside=None)


def _until_close(lines: list[str], fence: str) -> tuple[list[str], list[str] | None]:
    """The lines before the fence's end and those after it; None after when it doesn't end here.

    The last closing line counts, as a file may show fences itself; before a next FILE line's own opener, the one before.
    """
    closing = [at for at, line in enumerate(lines) if _closes(line, fence)]
    if not closing:
        return lines, None
    end = closing[-1]
    fences = sum(_fence(line) is not None for line in lines)
    if len(closing) >= 2 and fences % 2 == 0 and end == _last_filled(lines):
        end = closing[-2]
    return lines[:end], lines[end + 1 :]


def _wraps(lines: list[str]) -> bool:
    """True when the fence that opens a Markdown file's block closes at its very end, so that it is wrapping, not content."""
    depth = 0
    last = _last_filled(lines)
    for at, line in enumerate(lines):
        hit = _fence(line)
        if hit is None:
            continue
        depth += 1 if hit[1] or depth == 0 else -1
        if depth == 0:
            return at == last
    return False


def _trailing_opener(lines: list[str], *, inside: str | None) -> str | None:
    """The fence opened by the last filled line, if it is one that opens."""
    fence = inside
    last = _last_filled(lines)
    for at, line in enumerate(lines):
        hit = _fence(line)
        if hit is None:
            continue
        if fence is not None and _closes(line, fence):
            fence = None
        elif fence is None:
            fence = hit[0]
            if at == last:
                return fence
    return None


def _closes(line: str, fence: str) -> bool:
    hit = _fence(line)
    return hit is not None and not hit[1] and hit[0].startswith(fence)


def _last_filled(lines: Sequence[str]) -> int:
    return max((at for at, line in enumerate(lines) if line.strip()), default=0)


def _is_markdown(path: str) -> bool:
    return path.lower().endswith(_MARKDOWN)


def _joined(lines: Sequence[str]) -> str:
    body = "\n".join(lines).rstrip("\n")
    return body + "\n" if body.strip() else ""
