"""What may stand around edits: sentences, headings, lists and examples in fences; never a mark of an edit, nor code by itself.

It decides about lines that no format has taken. Such a line is dropped only where it is recognised; any other refuses the
answer, which names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from agent.patch.formats import headings
from agent.patch.formats.answer_lines import AnswerLines
from agent.patch.formats.fences import closes, opener
from agent.patch.model import EditsInvalid

MAX_LOOKED_AT = 2_000
"""Characters of a line; a longer one is not code by its end."""

MAX_SHOWN = 80
STEPS = 20
"""Lines looked at for each line of the answer, at most, to find where fences end."""

NOISE = re.compile(r"Index: .*|={60,}|_{60,}|Property changes on: .*|Only in .*|\*{3} End .*|diff -.*|\\ .*|--[ \t]*")
_SHELL = frozenset(
    ("bash", "sh", "shell", "console", "zsh", "powershell", "text", "output", "txt", "plaintext", "cmd", "terminal")
)
_MARK = re.compile(
    r"[ \t]{0,12}(?:<{3,}(?:[ \t].*|[A-Za-z].*)?|>{4,}(?:[ \t].*|[A-Za-z].*)?|\*{2,5} ?(?:begin|end) patch.*|"
    r"\*{2,5} ?(?:add|update|delete) file:.*|(?:#{1,6}[ \t]+)?[*_`]{0,3}FILE[*_`]{0,2}:.*|@@.*|diff --git .*|GIT binary patch)",
    re.IGNORECASE,
)
_CASED = re.compile(r"[ \t]{0,12}(?:#{1,6}[ \t]+)?[*_`]{0,3}FILE")
_NAMES = re.compile(r"[ \t]{0,12}(?:---|\+\+\+) [^ ].*")
_CHANGE = re.compile(r"(?:\+[^\s+*\d].*|-[^\s\-*\d>].*|\+[ \t]{2,}\S.*)")
_DIVIDER = re.compile(r"[ \t]{0,12}={3,12}[ \t]*")
_SPAN = re.compile(r"`[^`]{0,400}`|\"[^\"]{0,400}\"|“[^”]{0,400}”|https?://\S{1,400}")
_CODE_END = re.compile(r"[;{}]|\)[;,:{]?|[\])}][\])};,]*")
_KEYWORD = re.compile(
    r"(?:def|class|func|fn|function|const|let|var|public|private|protected|static|async|export|struct|impl|interface|enum|"
    r"elif|except|switch|namespace|template|typedef|#include|#define|@\w+)\b.*[:{(;=)].*"
)
_STATEMENT = re.compile(
    r"(?:import [\w.*{} ,]+(?: from ['\"].*)?|from [\w.]+ import .+|return\b[^.!?]*|"
    r"#include\b.*|using [\w.:]+;|package [\w.]+;?|"
    r"(?:else|try|finally|do|begin)[:{]?|(?:if|for|while|with|elif|switch|catch)\b.*[:{]|end|pass|break;?|continue;?|raise\b.*\)|"
    r"[\w.\[\]\"'$@]+[ \t]*(?:[-+*/|&:]?=|=>|<-)[ \t]*\S.*|[\w.:>-]+\(.*\)[ \t]*[;:{]?|[\])}]+[;,]?|//.*|/\*.*|\*/|<\?.*|"
    r"</?[A-Za-z][\w-]*(?:[ \t][^>]*)?/?>.+|<[A-Za-z][\w-]*[ \t][^>]*>)"
)
_COMMENT_NAME = re.compile(r"(?:#|//|--|;|/\*|<!--|%){1,3}[ \t]*([\w./\\-]{1,200}\.[A-Za-z]\w{0,7})[ \t]*(?:\*/|-->)?[ \t]*")
_SENTENCE = re.compile(r"[^\W\d_a-z].*[.:!?]")
_WORD = re.compile(r"[A-Za-z][A-Za-z']*")
_SAID = frozenset(
    "the you this that these those your was were following example instead which please let's i it it's there we our they "  # noqa: SIM905
    "are been being because so also now too with of a an is use used using means makes don't doesn't note".split()
)
"""Words of English sentences. ``with``, ``is`` and ``of`` are of programs too, which have no two of these in a line."""
_DECORATION = re.compile(r"[\W\d_]*")


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


def is_sentence(line: str) -> bool:
    """True for a line that can only be said to a reader."""
    return len(line.split()) >= 3 and _SENTENCE.fullmatch(line[:MAX_LOOKED_AT]) is not None and not is_code(line)


def is_code(line: str) -> bool:
    """True for a line of a program, which no prose holds outside of a fence or of backquotes."""
    text = line.strip()
    if not text or len(text) > MAX_LOOKED_AT or _is_english(line):
        return False
    if "`" in text or '"' in text or "“" in text or "://" in text:
        plain = _SPAN.sub("x", text)
        if _SENTENCE.fullmatch(plain) or text[0] == "`":
            return False
    else:
        plain = text
    return bool(_STATEMENT.fullmatch(plain) or _KEYWORD.fullmatch(plain) or (plain[-1] in ";{}" and plain[0] not in "-*#>|"))


def _is_english(line: str) -> bool:
    """True for a line at the margin with words that sentences have and programs have not, and no sign of an assignment."""
    plain = _SPAN.sub("x", line)
    if line[:1] in " \t/#*" or "=" in plain or plain.rstrip()[-1:] == "{":
        return False
    words = [word.lower() for word in _WORD.findall(plain[:MAX_LOOKED_AT])]
    said = sum(word in _SAID for word in words)
    return len(words) >= 2 and said >= (2 if set(plain) & set("{}<>;") else 1)


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
            yield from ((at, "") for at in range(start, end) if not _is_prose(lines, at))


def _parts(answer: AnswerLines) -> Iterator[tuple[int, int, str | None]]:
    """Runs of lines that no edit took: single ones, or the lines of a fence in which no edit is, with the line above it.

    A fence's own lines are left out, and so are blank ones around.
    """
    lines, at, above = answer.plain, 0, ""
    left = STEPS * len(answer) + 1_000
    while at < len(lines):
        line = lines[at]
        if answer.is_taken(at):
            above = ""
        elif (fence := opener(line.strip())) is not None:
            end = _closing(answer, at, fence, left)
            left -= abs(end) - at
            if end > 0:
                yield at + 1, end, f"{above}\n{line.strip()}"
                at, above = end, ""
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
    paths = headings.named(line) or [path for path in (headings.of_fence(info),) if path]
    shown = next((text for text in lines[start:end] if text.strip()), "")
    if paths and language not in _SHELL and shown:
        yield start, f" (a fence below the name {paths[0]})"
    elif (title := _COMMENT_NAME.fullmatch(shown.strip()[:MAX_LOOKED_AT])) is not None and language not in _SHELL:
        yield start, f" (a fence that begins with the name {title[1]})"
    for at in range(start, end):
        text = lines[at]
        if (_MARK.fullmatch(text) and is_mark(text)) or (language in ("diff", "patch") and text[:1] in ("+", "-")):
            yield at, ""


def _is_prose(lines: Sequence[str], at: int) -> bool:
    line = lines[at].rstrip()
    if NOISE.fullmatch(line):
        return True
    if _DIVIDER.fullmatch(line):
        return at > 0 and bool(lines[at - 1].strip()) and not is_code(lines[at - 1]) and line[:1] == "="
    return not (is_mark(line) or is_code(line))
