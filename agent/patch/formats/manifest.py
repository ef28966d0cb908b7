"""The FILE manifest: ``FILE: path`` alone on a line, then the whole file until the next such line.

Models wrap it: the whole answer in one Markdown fence, each file in its own, prose before and between. Tolerant reading
takes the wrapping off; a fence that never closes means that the answer was cut off, and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.patch.bounds import check_text
from agent.patch.file_kinds import kind_of
from agent.patch.formats import foreign, headings, remarks, said_between, said_lines, sentences
from agent.patch.formats.answer_lines import AnswerLines
from agent.patch.formats.open_text import OpenText
from agent.patch.formats.paths import forward
from agent.patch.model import EditsInvalid, FileEdit

_BOLD = re.compile(r"(?:#{1,6}[ \t]+)?(?:\*\*|__)FILE:[ \t]*`?")
_HEADING = re.compile(r"#{1,6}[ \t]+FILE:[ \t]+(?=\S)")
_LANGUAGES = ("markdown", "md", "mdx")


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
    """A FILE line's path and 1-based number, what stands below it up to the next edit, and what no edit of another format
    took of the lines from there to the next FILE line. ``doubts`` are lines that look like edits."""

    path: str
    line: int
    lines: list[str]
    gap: list[str] = field(default_factory=list)
    doubts: Sequence[str] = ()


@dataclass(frozen=True)
class _Body:
    """The text's lines, and how many lines below the FILE line they begin; ``quoted`` says that a fence is around them.
    ``remarks`` are lines that may be said about it."""

    lines: list[str]
    offset: int = 0
    quoted: bool = False
    remarks: Sequence[str] = ()


def parse_manifest(text: str, *, strict: bool = False) -> list[FileBlock]:
    """Reads a FILE manifest; raises ``ManifestInvalid``. Paths are not checked here.

    A file's text ends with exactly one newline: blank lines before the next FILE line only separate. ``strict`` refuses
    anything before the first FILE line and takes every block as it stands, fences included.
    """
    check_text(text)
    answer = AnswerLines(text)
    reader = ManifestReader(answer, strict=strict, alone=True)
    at = 0
    while at < len(answer):
        at = reader.step(at) if reader.starts(at) else at + 1
    edits = reader.edits()
    if not edits:
        raise ManifestInvalid(
            "The answer contains no file: no line starts with `FILE: path`.",
            hint="Answer with `FILE: path` alone on a line, then the whole file, for every file.",
        )
    if strict:
        stray = next((number for number, line in enumerate(answer.plain[: edits[0].line - 1], 1) if line.strip()), None)
        if stray is not None:
            raise ManifestInvalid(
                f"Line {stray} is text outside a file.", line=stray, hint="Start with `FILE: path`, without any prose."
            )
    return [FileBlock(edit.names[0], edit.content, edit.line) for edit in edits]


class ManifestReader:
    """Reads the whole files among the lines of an answer; ``alone`` takes edits of other formats for a file's text."""

    def __init__(self, answer: AnswerLines, *, strict: bool = False, alone: bool = False) -> None:
        self._answer = answer
        self._strict = strict
        self._alone = alone
        self._raw: list[_Raw] = []
        self._stops: list[int] = []

    def starts(self, at: int) -> bool:
        """True for a FILE line that a whole file stands below, be it an empty one."""
        path = self._path_at(at)
        return path is not None and (self._alone or not foreign.follows(self._answer.plain, at, path))

    def step(self, at: int) -> int:
        """Reads the file below this line; returns the index after it. Raises ``EditsInvalid``."""
        lines = self._answer.plain
        path = self._path_at(at) or ""
        stop = at + 1
        while stop < len(lines) and self._path_at(stop) is None:
            stop += 1
        doubts: Sequence[str] = ()
        if not self._alone and not self._strict:
            stop, doubts = foreign.cut(lines, at + 1, stop, path)
        self._raw.append(_Raw(path, at + 1, lines[at + 1 : stop], doubts=doubts))
        self._stops.append(stop)
        self._answer.take(at, at + 1)
        self._answer.end = max(self._answer.end, stop)
        return stop

    def _path_at(self, at: int) -> str | None:
        """The path that the line names. With a # before it only over a fence: else it is a comment in a file."""
        line = self._answer.plain[at]
        if "FILE:" not in line[:16] or (line.startswith("#") and not self._is_over_fence(at)):
            return None
        return _path_of(line, strict=self._strict)

    def _is_over_fence(self, at: int) -> bool:
        """True where a fence opens below the line, with nothing but a few sentences between."""
        filled = (line for line in self._answer.plain[at + 1 : at + 2 + 2 * foreign.MAX_SAID] if line.strip())
        for said, line in enumerate(filled):
            if _fence(line) is not None:
                return True
            if said == foreign.MAX_SAID or not said_lines.is_said(line):
                return False
        return False

    def edits(self) -> list[FileEdit]:
        """The files in their order. Raises ``ManifestInvalid``."""
        if not self._raw:
            return []
        if self._strict:
            bodies = [_Body(raw.lines, quoted=True) for raw in self._raw]
        else:
            for raw, start, end in zip(
                self._raw, self._stops, [*(raw.line - 1 for raw in self._raw[1:]), len(self._answer)], strict=True
            ):
                raw.gap.extend(self._left(start, end))
            bodies = _unwrapped(self._left(0, self._raw[0].line - 1), self._raw, alone=self._alone)
        for raw, body in zip(self._raw, bodies, strict=True):
            first = raw.line + body.offset
            self._answer.take(first, first + len(body.lines))
        return [
            FileEdit(
                (raw.path,), "write", content=_joined(body.lines), line=raw.line, doubts=raw.doubts,
                remarks=self._remarks(raw, body), declared=bool(_joined(body.lines)),
                refusal=None if self._alone or self._strict else _refusal(raw, body),
            )
            for raw, body in zip(self._raw, bodies, strict=True)
        ]  # fmt: skip

    def _remarks(self, raw: _Raw, body: _Body) -> Sequence[str]:
        said = None if self._alone or self._strict else said_lines.is_about_file(body.lines, raw.path)
        return body.remarks if said is None else (said,)

    def _left(self, start: int, end: int) -> list[str]:
        return ["" if self._answer.is_taken(at) else self._answer.plain[at] for at in range(start, end)]


def _path_of(line: str, *, strict: bool) -> str | None:
    if "FILE:" not in line[:16]:
        return None
    if not strict and (path := _decorated(line)):
        return path
    if line.startswith(("FILE: ", "FILE:\t")):
        return _name(line[5:].strip(" \t"))
    # without a space only what can't be anything but a path
    return line[5:] if not strict and line.startswith("FILE:") and headings.is_telling(line[5:]) else None


def _decorated(line: str) -> str | None:
    """The path of a heading, of one in bold or in backticks."""
    heading = _HEADING.match(line)
    if heading is not None:
        name = line[heading.end() :].strip(" \t").strip("`")
        return _name(name) if headings.is_telling(name) or headings.is_path(name) else None
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


def _refusal(raw: _Raw, body: _Body) -> tuple[str, str] | None:
    """Why nothing of what stands below the FILE line is the file's text."""
    if body.lines:
        return None
    said = next((line.strip() for line in raw.lines if line.strip() and not _fence(line)), None)
    return None if said is None else ("prose_in_file", f"what follows its FILE line is about the file, {said[:80]!r}")


def _unwrapped(prose: list[str], raw: Sequence[_Raw], *, alone: bool) -> list[_Body]:
    fence = _trailing_opener(prose, inside=None)
    bodies = []
    for block in raw:
        if fence is None:
            body, fence = _inner(block, alone=alone)
        else:
            lines, closed = _until_close(block.lines, fence, block.path)
            body = _Body(lines)
            if closed is not None:
                fence = _trailing_opener(closed, inside=None)
        if any(line.strip() for line in block.gap):
            left: list[str] | None = block.gap
            if fence is not None:
                _, left = _until_close(block.gap, fence, "")
            fence = fence if left is None else _trailing_opener(left, inside=None)
        bodies.append(body)
    if fence is not None:
        last = raw[-1]
        raise ManifestInvalid(
            f"The fence around {last.path} is never closed: the answer looks cut off.",
            line=last.line,
            hint="Send the whole answer again, shorter or in fewer files.",
        )
    return bodies


def _inner(block: _Raw, *, alone: bool) -> tuple[_Body, str | None]:
    """A block outside of any fence: takes off a fence of its own, and what is said around a text without one; returns the
    fence that a next FILE line is inside of. ``alone``: nothing is said."""
    lines = block.lines
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    opener = None if first is None else _fence(lines[first])
    if first is not None and opener is None and not alone:
        below = said_between.fence_below(lines, block.path)
        first, opener = (below, _fence(lines[below])) if below is not None else (first, None)
    if first is None or opener is None:
        after = _trailing_opener(lines, inside=None)
        if after is None or _is_markdown(block.path):
            after = None
        else:
            lines = lines[: _last_filled(lines)]
        if alone:
            return _Body(lines), after
        told = remarks.of_file(lines, block.path)
        return _Body(lines[told.start : told.stop], told.start, remarks=told.doubts), after
    is_cut = not alone and opener[0][0] == "`" and not any(_closes(line, opener[0]) for line in lines[first + 1 :])
    if _is_markdown(block.path) and not is_cut and not _wraps(lines[first:], alone=alone):
        doubts = () if alone or opener[0][0] != "`" else (lines[first], lines[_last_filled(lines)])
        return _Body(lines, remarks=doubts), None
    body, rest = _until_close(lines[first + 1 :], opener[0], block.path)
    quoted = _Body(body, first + 1, quoted=True)
    if rest is None:
        return quoted, opener[0]
    return quoted, _trailing_opener(rest, inside=None)


def _until_close(lines: list[str], fence: str, path: str) -> tuple[list[str], list[str] | None]:
    """The lines of the file ``path`` before the fence's end and those after it; None after when it doesn't end here.

    The last closing line counts, as a file may show fences itself; before a next FILE line's own opener, the one before.
    """
    closing = [at for at, line in enumerate(lines) if _closes(line, fence)]
    if not closing:
        return lines, None
    told = _told_end(lines, fence, path)
    if told is not None:
        return lines[:told], lines[told + 1 :]
    end = closing[-1]
    fences = sum(_fence(line) is not None for line in lines)
    if len(closing) >= 2 and fences % 2 == 0 and end == _last_filled(lines):
        end = closing[-2]
    return lines[:end], lines[end + 1 :]


def _told_end(lines: list[str], fence: str, path: str) -> int | None:
    """The closing line of the fence behind which the answer clearly goes on by itself: with a sentence, a heading or another
    fence that says its language, and with as many fences that open as that close. Of a program it is the first one that is not
    in a string or a comment. None where nothing tells."""
    after = sum(_fence(line) is not None for line in lines)
    nested = 0
    texts = OpenText(lines) if kind_of(path) == "code" else None
    for at, line in enumerate(lines):
        hit = _fence(line)
        if hit is None:
            continue
        after -= 1
        if hit[1]:
            nested += 1
        elif nested:
            nested -= 1
        elif _closes(line, fence) and after % 2 == 0:
            following = next((text for text in lines[at + 1 :] if text.strip() and not said_lines.is_rule(text)), None)
            if following is not None and (goes_on(following) or (texts is not None and not texts.may_hold(at))):
                return at
    return None


def goes_on(line: str) -> bool:
    """True for a line below a fence that is not of its text: a sentence, a heading, another fence that says its language."""
    hit = _fence(line)
    if hit is not None:
        return bool(hit[1])
    text = line.strip()
    tells = text.startswith("#") or (text[:1].isupper() and text[-1:] in ".:!?")
    return (len(text.split()) >= 2 and tells and not sentences.is_code(text)) or said_lines.is_remark(line)


def _wraps(lines: list[str], *, alone: bool) -> bool:
    """True when the fence that opens a Markdown file's block closes at its very end, or but for what is said below it, so that
    it is wrapping, not content. ``alone``: nothing is said."""
    depth = 0
    last = _last_filled(lines)
    own = _fence(lines[0])
    quotes = own is not None and (len(own[0]) >= foreign.QUOTING or own[1].lower() in _LANGUAGES)
    if own is not None and quotes and _told_end(lines[1:], own[0], "") is not None:
        return True
    if own is not None and len(own[0]) >= foreign.QUOTING:
        return any(at and _closes(line, own[0]) for at, line in enumerate(lines))
    for at, line in enumerate(lines):
        hit = _fence(line)
        if hit is None or own is None or hit[0][0] != own[0][0]:
            continue  # a heading of reStructuredText may be underlined with ~~~
        depth += 1 if hit[1] or depth == 0 else -1
        if depth == 0:
            return at == last or (not alone and _is_all_but_said(lines, at))
    return False


def _is_all_but_said(lines: list[str], end: int) -> bool:
    """True when the first fence, which closes at ``end``, is the only one and holds far more than what follows."""
    within, below = (sum(bool(line.strip()) for line in part) for part in (lines[1:end], lines[end + 1 :]))
    return within > 2 * below and below <= foreign.MAX_SAID and not any(map(_fence, lines[end + 1 :]))


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
    return path.lower().endswith(foreign.MARKDOWN)


def _joined(lines: Sequence[str]) -> str:
    body = "\n".join(lines).rstrip("\n")
    return body + "\n" if body.strip() else ""
