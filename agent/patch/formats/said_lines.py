"""How sure it is that one line, which stands in or beside a file's text, is said to the reader and is not the file's.

In a program a sentence at the margin is not code. What is taken for a sentence here is taken out of a file, so where it is less
sure the line is only doubted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.patch import elision_phrases
from agent.patch.file_kinds import ending, is_wordy, kind_of
from agent.patch.formats import closings, sentences

MAX_LINE = 600

NONE, PART, MAYBE, SURE = range(4)
"""Of a line: it is the file's; it is said where a line beside it is; it may be said; it is."""

LEAD = re.compile(r"\A(?:(?:[-*•>]|\d{1,2}[.)]|#{2,6})[ \t]+|\*{2,3}|_{2}(?=\w+ )){1,3}")
ITEM = re.compile(r"(?:[-*•>]|\d{1,2}[.)])[ \t]+\S.*|-[A-Z][a-z]+ \w.*")
_TIGHT = re.compile(r"-[A-Z][a-z]+ [^=;{}()<>\[\]]*")
_TITLE = re.compile(r"-{2,3} [\w ,.!?]{1,80} -{2,3}|<(summary|b|i|em|strong|kbd|sub|h\d)>[^<>]{1,200}</\1>")
HEADING = re.compile(r"#{1,6}[ \t]+\S.*")
_BOLD = re.compile(r"\*\*[^*]{1,200}\*\*:?.*")
RULE = re.compile(r"(?:-{3,}|={3,}|\*{3,}|_{3,})[ \t]*|-{2,}[ ]\w.*[ ]-{2,}|</?(?:details|summary|br|p|hr)\b[^>]*>.*")
NAME = re.compile(r"(?:\*\*)?`[^`]{1,200}`(?:\*\*)?:?|[\w.-]+(?:/[\w.-]+)*\.[A-Za-z]{1,5}:?")
ANNOUNCED = re.compile(r"[A-Z][\w' ]{0,40}:|[A-Z]\w*file")
TABLE = re.compile(r"\|.*\|")
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
    return len(line) <= MAX_LINE and RULE.fullmatch(line.rstrip()) is not None


def is_tight_item(line: str) -> bool:
    """True for an item of a list without a space behind its dash, which a removed line looks like."""
    return _TIGHT.fullmatch(line.rstrip()) is not None


def grade(line: str, path: str) -> int:
    """How sure it is that the line of a program at ``path`` is said to a reader."""
    text = line.rstrip()
    if not text or len(text) > MAX_LINE:
        return NONE
    if line[0] in " \t":
        return PART if ITEM.fullmatch(text.strip()) else NONE
    is_yaml = ending(path) in (".yml", ".yaml")
    if RULE.fullmatch(text):
        return NONE if text[0] == "<" and kind_of(path) == "other" else PART
    if TABLE.fullmatch(text) and "|--" in text.replace(" ", "").replace(":", ""):
        return SURE
    if TABLE.fullmatch(text):
        return PART
    if text[0] == "#":
        return (PART if text.startswith("##") else NONE) if HEADING.fullmatch(text) else NONE
    item = ITEM.fullmatch(text) is not None
    if is_yaml and _TIGHT.fullmatch(text):
        return MAYBE
    if is_yaml and (item or _is_yaml(text)):
        if closings.OWN_WORK.fullmatch(text):
            return SURE
        is_own = _KEY.fullmatch(text) is not None and closings.FAREWELL.fullmatch(text) is None
        if item and _YAML_ITEM.match(text):
            return NONE
        return PART if item else MAYBE if word_count(text) >= 3 and not is_own else NONE
    if _TIGHT.fullmatch(text) or _BOLD.fullmatch(text) or _SYMBOL.fullmatch(text):
        return SURE
    text = closings.SIGNS_BEHIND.sub("", text)
    bare = LEAD.sub("", text, count=1).strip("*_ ")
    if closings.NO_OTHERS.fullmatch(bare):
        return SURE
    if not bare or elision_phrases.is_said(bare.strip(_MARKS).lower()):
        return NONE
    if _STATEMENT.fullmatch(text) or (is_wordy(path) and _COMMAND.fullmatch(text) and not _COMMIT.fullmatch(text)):
        return NONE
    if closings.FAREWELL.fullmatch(bare) or closings.OWN_WORK.fullmatch(bare):
        return SURE
    if _is_prose(bare, path):
        return MAYBE if _LED.fullmatch(text) else SURE
    is_part = item or NAME.fullmatch(text) or (not is_yaml and ANNOUNCED.fullmatch(text))
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
    words = word_count(plain)
    if words < 3 and not (words == 2 and text[-1] in ".!?" and text[0].isupper()):
        return False
    ends = text.rstrip("*_`\")”’'»")[-1:] in ".:!?;" or text[-1] == ")"
    if ends and said and words > 3 and text[0].isupper() and not set("=;{}()[]") & set(plain):
        return True
    if word_count(re.split(r"[=;{}<>()\[\]]", plain, maxsplit=1)[0]) < 2:
        return False
    if set("=;{}<>()[]") & set(plain):
        return said >= 2 and text[0].isupper() and (ends or said >= 3)
    if text[0].isupper() and (ends or _PLAIN.fullmatch(plain)) and not sentences.is_code(text):
        return ends or not is_wordy(path) or said >= 2
    return said >= 2 and not sentences.is_code(text)


def _is_yaml(text: str) -> bool:
    return ": " in text or text.endswith(":")


def word_count(text: str) -> int:
    """How many words of the line have a letter."""
    return sum(any(char.isalpha() for char in word) for word in text.split())
