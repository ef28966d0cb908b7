"""Lines of a whole file's text that are said to the reader: a sentence above it, a summary below it.

In a program a sentence at the margin is not code, so it is left out; where that is less sure, the line is handed on as a doubt,
and is written only where the file has it already. In text for people only what an assistant says of itself is doubted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.patch import elision_phrases
from agent.patch.file_kinds import PAGES, ending, is_wordy, kind_of
from agent.patch.formats import sentences
from agent.patch.formats.fences import fence_above, opener

MAX_LINE = 600
MAX_HEAD = 8
"""Lines said above a file's text."""

NONE, PART, MAYBE, SURE = range(4)
"""Of a line: it is the file's; it is said where a line beside it is; it may be said; it is."""

_LEAD = re.compile(r"\A(?:(?:[-*•>]|\d{1,2}[.)]|#{2,6})[ \t]+|\*{2,3}|_{2}(?=\w+ )){1,3}")
_ITEM = re.compile(r"(?:[-*•>]|\d{1,2}[.)])[ \t]+\S.*|-[A-Z][a-z]+ \w.*")
_TIGHT = re.compile(r"-[A-Z][a-z]+ [^=;{}()<>\[\]]*")
_TITLE = re.compile(r"-{2,3} [\w ,.!?]{1,80} -{2,3}|<(summary|b|i|em|strong|kbd|sub|h\d)>[^<>]{1,200}</\1>")
_HEADING = re.compile(r"#{1,6}[ \t]+\S.*")
_BOLD = re.compile(r"\*\*[^*]{1,200}\*\*:?.*")
_RULE = re.compile(r"(?:-{3,}|={3,}|\*{3,}|_{3,})[ \t]*|-{2,}[ ]\w.*[ ]-{2,}|</?(?:details|summary|br|p|hr)\b[^>]*>.*")
_NAME = re.compile(r"(?:\*\*)?`[^`]{1,200}`(?:\*\*)?:?|[\w.-]+(?:/[\w.-]+)*\.[A-Za-z]{1,5}:?")
_ANNOUNCED = re.compile(r"[A-Z][\w' ]{0,40}:|[A-Z]\w*file")
_TABLE = re.compile(r"\|.*\|")
_CLOSING = re.compile(
    r"(?:done|all done|thanks|thank you|cheers|enjoy|finished|fixed|good luck|bye|ok|okay|voil(?:à|a)|"
    r"hope (?:this|that|it) helps?|"
    r"that'?s (?:it|all)|that is (?:it|all)|best(?: regards)?|happy coding|let me know)\b[^=({<\[]{0,60}|"
    r"(?:fix(?:es|ed)?|close[sd]?|resolve[sd]?)[ :]+#\d{1,9}\.?|"
    r"(?:feat|fix|chore|docs|refactor|test|perf|build|ci|style)(?:\([\w ./-]{1,60}\))?!?: [^={]+",
    re.IGNORECASE,
)
_CHAT = re.compile(
    r"(?:please )?let me know\b.*|hope (?:this|that|it) helps?\b.*|feel free to (?:ask|reach|let)\b.*|"
    r"(?:would|do) you (?:like|want) me\b.*|(?:all )?done[.!]*|as (?:you )?(?:asked|requested)\b.*|(?:sure|certainly)[,!.].*|"
    r"(?:i|we)(?:'ve| have|'ll| will)? (?:have |also |just |only |then |now )*(?:updated?|changed?|added?|fixed|"
    r"fix|made|make|"
    r"removed?|replaced?|rewrote|rewritten|moved?|renamed?|kept|left|corrected|improved|raised|adjusted|"
    r"implemented|refactored)\b.*|"
    r"here(?:'s| is| are) (?:the |your |an? )?(?:new |full |complete |whole |updated |changed |fixed |corrected |"
    r"final |modified )+.*|"
    r"(?:here(?:'s| is) )?(?:a )?summary of (?:the |my )?changes:?|(?:changes|what) (?:i )?(?:made|changed):?|"
    r"this (?:change|update|edit|patch|fix|version)\b.*",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(?:the |this |that )?(?:(?:file|content|code)(?: itself)? )?(?:is |are |was |has been |stays? |remains? |"
    r"left |no longer )?(?:still )?"
    r"(?:un(?:changed|modified|touched)|not (?:changed|modified|needed)|deleted|removed?|empty|(?:the )?same|identical|"
    r"no (?:other |further )?changes?(?: needed| required| here)?|as (?:it )?(?:is|before|it is|it was)|needed|"
    r"see above|n/?a|none|"
    r"delete(?: this file)?|remove(?: this file)?|no longer needed|omitted|skipped|to be deleted)"
    r"(?: (?:as|from|in|to) (?:before|is|above|the original|original|previous(?:ly)?))?",
    re.IGNORECASE,
)
_SIGNS = frozenset("=;{}()[]<>$")
"""Of programs."""
_MARKS = " \t.!…()[]<>{}*_`#/-;:\"'"
_PLACEHOLDER = frozenset(("todo", "tbd", "placeholder"))
_PLAIN = re.compile(r"[^\W\d_][\w'’,.!?:;()\"“”–-]*(?: [\w'’,.!?:;()\"“”–/#+&%-]+)+")
_FOREIGN = re.compile(r"[^\x00-\u024f]")
_SYMBOL = re.compile(r"[\u2190-\u2bff\U0001f000-\U0001faff]\ufe0f?[ ]*\S.*")
_SHOUT = re.compile(r"[A-Z][A-Z_\d]+\b(?!:)")
_COMMAND = re.compile(
    r"(?:[a-z].*[^.!?]|[a-z]|[a-z][\w.-]*[ \t]*[:=].*|echo\b.*|(?!(?:OK|SQL|API|CI|PS)\b)[A-Z][A-Z_\d]+\b(?!:).*)", re.ASCII
)
"""What begins as commands, names and settings do, in files that have such lines: not as a sentence."""

_COMMIT = re.compile(r"\w+(?:\([\w ./-]{1,60}\))?!?: .*#\d.*|\w+\([\w ./-]{1,60}\)!?: .*|\w+[ :]+#\d{1,9}")
"""What only the subject of a commit has: a scope in brackets, the number of an issue."""

_STATEMENT = re.compile(r"from [\w.]+ import .+|(?:assert|del|throw|nonlocal|yield|await|elif|puts|echo|echom)\b.*[^.!?]")
"""A statement by its first word, which no sentence begins with in lower case."""

_LED = re.compile(r"(?:raise|global|import|export|return|if|for|while|with|print)\b.*[^.!?:]")
"""What may be a statement by its first word, or the middle of a sentence."""

_BEHIND = re.compile(r"(?<![ \t])[ \t]+(?:#|//)[ \t].*")
"""A comment behind a line of a program."""

_YAML_ITEM = re.compile(r"-[ \t]+[a-z\"'][\w.\"'-]*:(?:[ \t]|$)")
"""An item of a list that is a mapping."""

_KEY = re.compile(r"[a-z][\w.-]*:(?:[ \t].*)?")
"""A key of YAML and what it is set to."""

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


def is_about_file(lines: Sequence[str], path: str) -> str | None:
    """The line that says something of the file in the place of its text: "Unchanged.", "(deleted)"; None for a text."""
    filled = [line for line in lines if line.strip()]
    if not 0 < len(filled) <= 2 or any(len(line) > 120 for line in filled):
        return None
    words = filled[0].strip(_MARKS).lower()
    is_code = kind_of(path) == "code"
    if _ABOUT.fullmatch(words) or (is_code and filled[0].strip(" .!…()[]<>*_`").lower() in _PLACEHOLDER):
        return filled[0].strip()
    last = words.split()
    is_short = len(last) <= 9 and words.startswith(("this file", "the file", "no change", "nothing", "same as"))
    return filled[0].strip() if is_short and len(filled) == 1 else None


def is_said(line: str, path: str = "x.py") -> bool:
    """True for a line that can only be said to a reader, if the file is a program."""
    return grade(line, path) == SURE


def is_remark(line: str) -> bool:
    """True for a line outside of all edits that is said to a reader, whatever signs of programs are in it."""
    return bool(_TITLE.fullmatch(line.strip())) or is_said(line)


def is_rule(line: str) -> bool:
    """True for a line of Markdown that only divides."""
    return len(line) <= MAX_LINE and _RULE.fullmatch(line.rstrip()) is not None


def is_tight_item(line: str) -> bool:
    """True for an item of a list without a space behind its dash, which a removed line looks like."""
    return _TIGHT.fullmatch(line.rstrip()) is not None


def grade(line: str, path: str) -> int:
    """How sure it is that the line of a program at ``path`` is said to a reader."""
    text = line.rstrip()
    if not text or len(text) > MAX_LINE:
        return NONE
    if line[0] in " \t":
        return PART if _ITEM.fullmatch(text.strip()) else NONE
    is_yaml = ending(path) in (".yml", ".yaml")
    if _RULE.fullmatch(text):
        return NONE if text[0] == "<" and kind_of(path) == "other" else PART
    if _TABLE.fullmatch(text) and "|--" in text.replace(" ", "").replace(":", ""):
        return SURE
    if _TABLE.fullmatch(text):
        return PART
    if text[0] == "#":
        return (PART if text.startswith("##") else NONE) if _HEADING.fullmatch(text) else NONE
    item = _ITEM.fullmatch(text) is not None
    if is_yaml and _TIGHT.fullmatch(text):
        return MAYBE
    if is_yaml and (item or _is_yaml(text)):
        if _CHAT.fullmatch(text):
            return SURE
        is_own = _KEY.fullmatch(text) is not None and _CLOSING.fullmatch(text) is None
        if item and _YAML_ITEM.match(text):
            return NONE
        return PART if item else MAYBE if _words(text) >= 3 and not is_own else NONE
    if _TIGHT.fullmatch(text) or _BOLD.fullmatch(text) or _SYMBOL.fullmatch(text):
        return SURE
    text = sentences.SIGNS_BEHIND.sub("", text)
    bare = _LEAD.sub("", text, count=1).strip("*_ ")
    if sentences.NO_OTHERS.fullmatch(bare):
        return SURE
    if not bare or elision_phrases.is_said(bare.strip(_MARKS).lower()):
        return NONE
    if _STATEMENT.fullmatch(text) or (is_wordy(path) and _COMMAND.fullmatch(text) and not _COMMIT.fullmatch(text)):
        return NONE
    if _CLOSING.fullmatch(bare) or _CHAT.fullmatch(bare):
        return SURE
    if _is_prose(bare, path):
        return MAYBE if _LED.fullmatch(text) else SURE
    is_part = item or _NAME.fullmatch(text) or (not is_yaml and _ANNOUNCED.fullmatch(text))
    return PART if is_part else NONE


def _is_prose(text: str, path: str) -> bool:
    """True for a sentence within the text of a program. It asks for more than ``sentences.is_code``, whose lines stand outside
    of all edits: what is taken for a sentence here is taken out of a file, there a line of code is only refused."""
    text = _BEHIND.sub("", text)
    if text[0] in "#/;%\"'<([{@$&!.,:=|+\\" or text.startswith("--"):
        return False
    plain = sentences.SPAN.sub("x", text)
    said = sentences.said(plain)
    if _FOREIGN.search(text) and text[0].isalpha():
        return not text[0].isascii() and not set("=;{}") & set(plain)
    if _SHOUT.match(text) and said < 2:
        return False
    words = _words(plain)
    if words < 3 and not (words == 2 and text[-1] in ".!?" and text[0].isupper()):
        return False
    ends = text.rstrip("*_`\")”’'»")[-1:] in ".:!?;" or text[-1] == ")"
    if ends and said and words > 3 and text[0].isupper() and not set("=;{}()[]") & set(plain):
        return True
    if _words(re.split(r"[=;{}<>()\[\]]", plain, maxsplit=1)[0]) < 2:
        return False
    if set("=;{}<>()[]") & set(plain):
        return said >= 2 and text[0].isupper() and (ends or said >= 3)
    if text[0].isupper() and (ends or _PLAIN.fullmatch(plain)) and not sentences.is_code(text):
        return ends or not is_wordy(path) or said >= 2
    return said >= 2 and not sentences.is_code(text)


def _is_yaml(text: str) -> bool:
    return ": " in text or text.endswith(":")


def _words(text: str) -> int:
    return sum(any(char.isalpha() for char in word) for word in text.split())


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
        if found == NONE and top < last and opener(lines[top]) is not None and _ANNOUNCED.fullmatch(line.rstrip()):
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
        if above and _HEADING.fullmatch(lines[above - 1]):
            if ending(path) in _COMMENTS or not ending(path):
                return above, (lines[above - 1],) if above < top else ()
            above -= 1
        return _after_filled(lines, above), ()
    if best >= MAYBE or (
        best == PART
        and is_list(lines[top:last])
        and (is_yaml or top == 0 or not lines[top - 1].strip() or _ITEM.fullmatch(lines[top]) is None)
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
        is_label = _ANNOUNCED.fullmatch(text) is not None and text[-1] == ":"
        follows = lines[at + 1] if at + 1 < len(lines) else ""
        if (
            _TABLE.fullmatch(text)
            or (is_label and (is_bare or (_words(text) > 1 and not follows.strip())))
            or ((is_bare or (is_yaml and text[0] != "-")) and _ITEM.fullmatch(text))
            or (is_bare and not has_comments and text.startswith("##") and _HEADING.fullmatch(text))
            or (is_bare and text[0] in "-*_=" and ending(path) not in _DASHED and _RULE.fullmatch(text))
        ):
            found.append(line)
    return tuple(found)


def _is_given_back(line: str, path: str) -> bool:
    """True for a line above what is said that is rather the file's: an item of a list in it."""
    if not line.strip():
        return True
    is_item = grade(line, path) == PART and _ITEM.fullmatch(line.strip()) is not None
    return is_item and (line[0] in " \t" or ending(path) in (".yml", ".yaml"))


def is_list(lines: Sequence[str]) -> bool:
    """True for a list with what may stand around it."""
    filled = [line for line in lines if line.strip()]
    items = sum(_ITEM.fullmatch(line.strip()) is not None and _words(line) >= 2 for line in filled)
    return items > 0 and all(
        _ITEM.fullmatch(line.strip()) or line[0] == "#" or _RULE.fullmatch(line) or _ANNOUNCED.fullmatch(line)
        for line in filled
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
        if _ANNOUNCED.fullmatch(first.rstrip()) and _words(first) > 1 and not lines[at + 1].strip():
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
        said = sentences.SIGNS_BEHIND.sub("", _LEAD.sub("", lines[at].strip()[:MAX_LINE], count=1))
        if is_first and (_CHAT.fullmatch(said) or sentences.NO_OTHERS.fullmatch(said)):
            found.append(lines[at])
    first = next((at for at in range(last) if lines[at].strip()), None)
    if first is not None and last - first > 1 and _CHAT.fullmatch(lines[first].strip()[:MAX_LINE]):
        found.append(lines[first])
    title = next((at for at, line in enumerate(lines[: min(MAX_HEAD, last)]) if line.startswith(("# ", "#!"))), 0)
    found += [line for line in lines[:title] if line[:1].isalpha() and line.rstrip()[-1:] in (".", ":", "!")]
    below = lines[last - 1].rstrip() if last > 1 and not lines[last - 2].strip() else ""
    if len(below) <= MAX_LINE and sentences.ABOUT_WORK.fullmatch(below):
        found.append(lines[last - 1])
    if is_page and last:
        found += [line for line in lines[last - 1 : last] if line[:1].isalpha() and line.rstrip().endswith(":")]
    for at, line in enumerate(lines):
        if line[:3] in ("```", "~~~") and not is_page and at and _NAME.fullmatch(lines[at - 1].strip()):
            found.append(lines[at - 1])
    return tuple(found)


def _after_filled(lines: Sequence[str], at: int) -> int:
    while at > 0 and not lines[at - 1].strip():
        at -= 1
    return at
