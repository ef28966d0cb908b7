"""Takes what a reasoning model says to itself off the beginning of its answer.

Servers that don't part a model's thoughts from its answer leave the marks of its template in the text. Code may hold the same
marks: what stands in a file, an edit or an object is never taken for a thought.
"""

from __future__ import annotations

import json
import re
from itertools import islice

from agent.patch import detect, parse_edits
from agent.patch.formats.fences import is_open_at_end
from agent.patterns import linear

MAX_THOUGHTS = 50
"""In a row at the beginning of one answer."""
MAX_CLOSED, MAX_LOOK = 8, 8_000_000
"""Marks of an end that may belong to a thought without a beginning, and characters that are looked at for all of them: each
takes a look at all that stands before it."""
MAX_NESTED = 20
"""Marks of beginnings, and of ends, that are looked at for thoughts in a thought."""
MAX_BRACES = 100
"""Of a text before a mark that may begin the object which the mark stands in."""
DRAFTED = ("manifest", "search_replace")
QUOTES = ("`", '"', "'")

_NAMES = (
    r"(?:\w{1,20}:)?(?:think|thinking|thoughts?|thought_process|reason|reasoning|reasoning_content|analysis|scratch_?pad|reflection|"
    r"(?:inner|internal)_(?:monologue|thoughts?)|monologue|chain_of_thought|cot|deliberation|ant_?thinking)"
)
_OPEN = linear(
    rf"(?i)<\s?{_NAMES}(?:\s+\w{{1,20}}=[\"'][^<>\"'\n]{{0,80}}[\"'])*\s?>|◁think▷|\[THINK\]|<\|(?:START_THINKING|begin_of_thought)\|>"
    r"|(?:<\|start\|>assistant)?<\|channel\|?>(?:analysis|commentary|thought)(?:<\|message\|>)?"
)
_CLOSE = linear(
    rf"(?i)<\s?/\s?{_NAMES}\s?>|◁/think▷|\[/THINK\]|<\|(?:END_THINKING|end_of_thought)\|>"
    r"|(?:<\|end\|>)?(?:<\|start\|>assistant)?<\|channel\|>final<\|message\|>|<channel\|>|<\|end\|>"
)
_BEFORE = linear(r"(?i)\A\s*(?:<\|start\|>assistant)?<\|channel\|>final<\|message\|>")
_AFTER = linear(r"(?:<\|(?:return|end|im_end)\|>\s*)+\z")
_BARE = linear(r"\A\s*(?:analysis|commentary)[A-Z\"'(`\n][\s\S]*?assistantfinal")
"""The channels of a template whose marks the server took out as special tokens, and left the names."""
_ANSWER = linear(
    r"(?is)\A\s*(?:<(answer|output|response|solution|final_answer|final)>|<\|(?:begin_of|start)_(solution|response|answer)\|>)"
    r"[ \t]*\n?"
)
_FILE = linear(r"(?im)^\W*(?:file(?:[ _]?(?:name|path))?|path)\W*[ \t]*[:=]|<file\b")


def without_thoughts(text: str) -> str:
    """``text`` without the thoughts that lead it, be they marked at both ends, or begun before the text. What follows a mark
    that no other ends is all thought: a draft in it was never said."""
    said, spent, drafted = _BARE.sub("", text), 0, False
    for _ in range(MAX_THOUGHTS):
        rest = _after_opened(said)
        if rest is None:
            spent += len(said)
            # a thought in a thought, or one that names the mark of its end, goes on behind the first end
            rest = _after_closed(said, may_draft=not drafted) if spent <= MAX_LOOK else None
            drafted = True
        if rest is None:
            break
        said = rest
    said = _unwrapped(_BEFORE.sub("", said))
    return _AFTER.sub("", said) if text.lstrip().startswith(("<|channel", "<|start|>")) else said


def _after_opened(text: str) -> str | None:
    """What is left without a thought that begins the text, or a line of the prose at its beginning; None where none does."""
    opened = _OPEN.search(text)
    if opened is None or not _begins_line(text, opened.start()):
        return None
    before, inside = text[: opened.start()], text[opened.end() :]
    if before.strip() and not _is_prose(before):
        return None
    ends = [closed for closed, _ in zip(_CLOSE.finditer(inside), range(MAX_CLOSED), strict=False)]
    closed = next((end for end in ends if not _is_quoted(inside, end)), ends[0] if ends else None)
    closed = _outermost(inside, closed) or closed
    return before if closed is None else before + inside[closed.end() :]


def _outermost(inside: str, closed: re.Match[str] | None) -> re.Match[str] | None:
    """The end of a thought in which others are begun on lines of their own: where as many have ended as were begun, alone on a
    line and outside of a block of code, with an answer behind it, of edits where edits stand before it. What stands between is
    a draft. Returns None where no other thought is begun, or where no end can be recognised as that one: then the first end
    counts."""
    opens = [mark for mark in islice(_OPEN.finditer(inside), MAX_NESTED) if _begins_line(inside, mark.start())]
    if closed is None or not opens or opens[0].start() > closed.start():
        return None
    ends = [mark for mark in islice(_CLOSE.finditer(inside), MAX_NESTED) if not _is_quoted(inside, mark)]
    depth = 1
    begun = {mark.start() for mark in opens}
    for mark in sorted((*opens, *ends), key=lambda mark: mark.start()):
        depth += 1 if mark.start() in begun else -1
        if depth == 0:
            draft, rest = inside[closed.end() : mark.start()], inside[mark.end() :]
            told = _is_alone(inside, mark.start(), mark.end()) and not is_open_at_end(draft.split("\n"))
            return mark if told and rest.strip() and (detect(rest) or not detect(draft)) else None
    return None


def _after_closed(text: str, *, may_draft: bool) -> str | None:
    """What follows a thought that began before the text: chat templates write its first mark themselves."""
    for count, closed in enumerate(_CLOSE.finditer(text)):
        before, rest = text[: closed.start()], text[closed.end() :]
        # what ends a turn, or the text, ends the answer
        if count == MAX_CLOSED or not rest.strip() or closed[0].startswith(("<|channel", "<|end|>", "<channel")):
            return None
        if _OPEN.search(before) or before[-1:] in QUOTES or rest[:1] in QUOTES:
            return None
        if _is_prose(before):
            return rest
        if may_draft and _is_alone(text, closed.start(), closed.end()):
            may_draft = False  # one look at all the files of an answer
            if _is_draft(before, rest):
                return rest
    return None


def _is_quoted(text: str, mark: re.Match[str]) -> bool:
    """On both sides: a thought may end with a quotation."""
    before = text[mark.start() - 1 : mark.start()]
    return before in QUOTES and text[mark.end() : mark.end() + 1] == before


def _unwrapped(text: str) -> str:
    """``text`` without the tags that stand around all of it, and say that it is the answer."""
    opened = _ANSWER.match(text)
    if opened is None:
        return text
    name = (opened[1] or opened[2]).lower()
    ends = (f"</{name}>",) if opened[1] else (f"<|end_of_{name}|>", f"<|end_{name}|>")
    inside = text[opened.end() :].rstrip()
    return next((inside[: -len(end)] for end in ends if inside.lower().endswith(end)), inside if opened[2] else text)


def _is_prose(before: str) -> bool:
    """Whether nothing has begun ``before`` that a mark could be a part of."""
    lines = before.split("\n")
    return not (detect(before) or is_open_at_end(lines) or _FILE.search(before) or _in_object(before))


def _in_object(before: str) -> bool:
    """Whether an object is open at its end: one that is JSON as far as it goes."""
    decoder = json.JSONDecoder()
    start, tried = before.find("{"), 0
    while start >= 0:
        tried += 1
        if tried > MAX_BRACES:
            return True
        try:
            start = before.find("{", decoder.raw_decode(before, start)[1])
        except (ValueError, RecursionError) as error:
            # a string without its end is told at its beginning, all else where the text ends
            at = getattr(error, "pos", len(before))
            if at >= len(before.rstrip()) or (before[at] == '"' and "Unterminated" in str(error)):
                return True
            start = before.find("{", start + 1)
    return False


def _is_draft(before: str, rest: str) -> bool:
    """Whether the answer says again all that the text before it would change."""
    if detect(before) not in DRAFTED or detect(rest) is None:
        return False
    drafted, meant = parse_edits(before), parse_edits(rest)
    return bool(drafted.files) and bool(meant.files) and drafted.touched() <= meant.touched()


def _begins_line(text: str, at: int) -> bool:
    return not text[text.rfind("\n", 0, at) + 1 : at].strip()


def _is_alone(text: str, start: int, end: int) -> bool:
    return (start == 0 or text[start - 1] == "\n") and not text[end:].split("\n", 1)[0].strip()
