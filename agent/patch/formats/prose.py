"""What may stand around edits: sentences, headings, lists and examples in fences; never a mark of an edit, nor code by itself.

It decides about lines that no format has taken. Such a line is dropped only where it is recognised; any other refuses the
answer, which names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from agent.patch.formats import named_fences, said_lines
from agent.patch.formats.answer_lines import AnswerLines
from agent.patch.formats.fences import closes, opener
from agent.patch.formats.sentences import is_code
from agent.patch.model import EditsInvalid

MAX_SHOWN = 80
MAX_ITEMS = 50
STEPS = 20
"""Lines looked at for each line of the answer, at most, to find where fences end."""

NOISE = re.compile(r"Index: .*|={60,}|_{60,}|Property changes on: .*|Only in .*|\*{3} End .*|diff -.*|\\ .*|--[ \t]*")
_MARK = re.compile(
    r"[ \t]{0,12}(?:<{3,}(?:[ \t].*|[A-Za-z].*)?|>{4,}(?:[ \t].*|[A-Za-z].*)?|\*{2,5} ?(?:begin|end) patch.*|"
    r"</?(?:search|replace|original|updated|find|(?:old|new)(?:_str|_string|_text|_code)?)>.*|"
    r"\*{2,5} ?(?:add|update|delete) file:.*|(?:#{1,6}[ \t]+)?[*_`]{0,3}FILE[*_`]{0,2}:.*|@@.*|diff --git .*|GIT binary patch)",
    re.IGNORECASE,
)
_CASED = re.compile(r"[ \t]{0,12}(?:#{1,6}[ \t]+)?[*_`]{0,3}FILE")
_NAMES = re.compile(r"[ \t]{0,12}(?:---|\+\+\+) [^ ].*")
_CHANGE = re.compile(r"(?:\+[^\s+*\d].*|-[^\s\-*\d>].*|\+[ \t]{2,}\S.*)")
_DIVIDER = re.compile(r"[ \t]{0,12}={3,12}[ \t]*")


def check(answer: AnswerLines, *, strict: bool = False) -> None:
    """Raises ``EditsInvalid`` naming the first line that belongs to no edit and is not recognised as prose."""
    for number, reason in _unread(answer, strict=strict):
        line = answer.plain[number].strip()
        raise EditsInvalid(
            f"Line {number + 1} of the answer belongs to no edit{reason}: {line[:MAX_SHOWN]!r}.",
            line=number + 1,
            hint="Send every edit in one of the formats, each mark alone on its line and unindented, and prose as sentences."
            if not strict
            else "Send only the edits, without any prose.",
        )


def is_mark(line: str) -> bool:
    """True for what belongs to a format of edits, damaged or not."""
    hit = _MARK.fullmatch(line)
    if hit is not None:
        return "file" not in line.lower()[:24] or line.lstrip()[:2] == "**" or _CASED.match(line) is not None
    return bool(_NAMES.fullmatch(line) or _CHANGE.fullmatch(line))


def _unread(answer: AnswerLines, *, strict: bool) -> Iterator[tuple[int, str]]:
    lines = answer.plain
    for start, end, inside in _parts(answer):
        if strict:
            yield from ((at, "") for at in range(start, end) if lines[at].strip() and not NOISE.fullmatch(lines[at]))
        elif inside is not None:
            yield from _in_example(lines, start, end, inside)
        else:
            yield from ((at, "") for at in range(start, end) if not _is_prose(answer, at))


def _parts(answer: AnswerLines) -> Iterator[tuple[int, int, str | None]]:
    """Runs of lines that no edit took: single ones, or the lines of a fence in which no edit is, with the line above it.

    A fence's own lines are left out, and so are blank ones around.
    """
    lines, at, above = answer.plain, 0, ""
    left = STEPS * len(answer) + 1_000
    around: str | None = None  # the fence around edits, whose end is still to come
    while at < len(lines):
        line = lines[at]
        if answer.is_taken(at):
            above = ""
        elif around is not None and closes(line.strip(), around):
            around = None
        elif (fence := opener(line.strip())) is not None:
            end = _closing(answer, at, fence, left)
            left -= abs(end) - at
            if end > 0:
                yield at + 1, end, f"{above}\n{line.strip()}"
                at, above = end, ""
            elif answer.is_taken(-end):
                around = fence
        elif line.strip():
            yield at, at + 1, None
            above = line
        at += 1


def _closing(answer: AnswerLines, at: int, fence: str, most: int) -> int:
    """The line that closes the fence, where no edit stands within, looking at so many lines at ``most``. Where there is none:
    the line that was looked at last, negative."""
    last = min(len(answer), at + max(most, 0) + 1) - 1
    for number in range(at + 1, last + 1):
        if answer.is_taken(number):
            return -number
        if closes(answer.plain[number].strip(), fence):
            return number
    return -max(last, at)


def _in_example(lines: Sequence[str], start: int, end: int, above: str) -> Iterator[tuple[int, str]]:
    """What of a fence without an edit may not be an example: it is named like a file, or has the marks of an edit."""
    line, _, info = above.partition("\n")
    language = info.strip("`~ ").lower()
    shown = next((text for text in lines[start:end] if text.strip()), "")
    path = named_fences.path_of(line, info.strip(), shown, language) if shown else None
    if path is not None:
        yield start, f" (a fence with the name {path})"
    is_diff = language in ("diff", "patch") or named_fences.is_change(lines[start:end])
    for at in range(start, end):
        text = lines[at]
        if (_MARK.fullmatch(text) and is_mark(text)) or (is_diff and text[:1] in ("+", "-")):
            yield at, ""


def _is_prose(answer: AnswerLines, at: int) -> bool:
    lines = answer.plain
    line = lines[at].rstrip()
    if NOISE.fullmatch(line):
        return True
    if _DIVIDER.fullmatch(line):
        is_heading = at > 0 and bool(lines[at - 1].strip()) and (at == 1 or not lines[at - 2].strip())
        return is_heading and not is_code(lines[at - 1]) and line[:1] == "="
    if said_lines.is_remark(line) and not _MARK.fullmatch(line):
        return True
    if said_lines.is_tight_item(line) and _is_tight_list(answer, at):
        return True
    return not (is_mark(line) or is_code(line))


def _is_tight_list(answer: AnswerLines, at: int) -> bool:
    """True where all of the paragraph are items without a space behind their dash."""
    for step in (-1, 1):
        number = at + step
        while 0 <= number < min(len(answer), at + MAX_ITEMS) and number > at - MAX_ITEMS and not answer.is_taken(number):
            line = answer.plain[number].strip()
            if not line or opener(line) is not None:
                break
            if not said_lines.is_tight_item(line):
                return False
            number += step
    return True
