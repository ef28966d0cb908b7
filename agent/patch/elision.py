"""Code that a model left out: ``# ... rest unchanged ...`` in the place of lines that it did not write down.

Such a line is never written. Where the lines above and below it stand in the original, what is between them there is kept; else
the edit is refused. A line that the original has at that place is the file's own (Python's ``...``, the end of a YAML document,
a quotation), and so is what the language reads as code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from agent.patch import elision_phrases as phrases
from agent.patch.file_kinds import ending, kind_of

MAX_LINE = 240
MAX_LOOSE = 4
"""Words behind dots of which any that is about code makes an elision."""

MANY = 2
"""Lines that are gone beside dots in a comment, which then stand for them and are not a part of what that says."""

MAX_CANDIDATES = 64
"""Places of an anchoring line that are compared; one that stands more often anchors nothing."""

MAX_RUN = 40
"""Lines by which an anchor is told from others of the same text."""

_DOTS = ("...", "…", ". . .", "[...]", "[…]", "(...)", "(…)", "{...}", "{…}", "<...>", "....", ".....", "......")
_PERL = (".pl", ".pm", ".t", ".raku", ".rakumod")
_YAML = (".yml", ".yaml")
_PYTHON = (".py", ".pyi", ".pyx", ".ipynb")
_COMMENTS = (
    ("<!--", "-->"),
    ("{/*", "*/}"),
    ("/*", "*/"),
    ("(*", "*)"),
    ("{#", "#}"),
    ("<%#", "%>"),
    ("{{!--", "--}}"),
    ('"""', '"""'),
)
_OPENERS = ("///", "//", "##", "#", "--", ";;", ";", "%", "REM ", "rem ", "'", "*", "!")
_MARKUP = (("<!--", "-->"),)
_APART = re.compile(r"(?:\.{3}|…)(?:[ (\[][\w ,'()-]*)?|[\w ,'-]+ (?:\.{3}|…)")
"""Dots that are not part of a name or a path."""

_RULED = re.compile(r"(?P<mark>[-=*~])(?P=mark){1,9} ?[^-=*~]{2,100}? ?(?P=mark){2,10}|<<?[^<>]{2,100}>>?")
_NAMES = re.compile(r"\w[:,;(){}\[\]]|\w\.\w|->")
"""What programs write behind and between names."""

_ITEM = re.compile(r"-[ \t]+\w")
"""Of a list."""

_BRANCH = re.compile(r"[\s})]*(?:else|elif|if|except|catch|case|default|when|unless|elsif|match|switch|rescue|then)\b")
_BRACKETS = tuple(pair.split() for pair in "（ ）|【 】|「 」|« »|{{ }}|[ ]|( )|{ }|< >|** **|_ _|` `|* *".split("|"))  # noqa: SIM905
_SAID = ("the rest of the ", "rest of ", "remainder of the ", "the remainder of the ", "the rest remains", "everything else ")
_WORDS = re.compile(r"[^\W_][^<>={}\[\]|\\]*")
_INLINE = re.compile(
    r"[^\"'`]*\{[ \t]?(?:\.\.\.|…|/\*[ \t]?(?:\.\.\.|…)[^*\"'`]{0,60}\*/|//[ \t]?(?:\.\.\.|…)[^\"'`]{0,60})[ \t]?\}[);,]{0,3}"
)


@dataclass(frozen=True)
class Elided(Exception):
    """``line`` (1-based) of the text stands for code that is not there, and the original does not tell which."""

    line: int
    text: str

    @property
    def reason(self) -> str:
        """The end of a sentence."""
        return f"its line {self.line}, {self.text[:80]!r}, stands for lines that were left out"


def elisions(
    lines: Sequence[str],
    path: str,
    known: Sequence[str] = (),
    among: Sequence[int] | None = None,
    replaced: Sequence[str] | None = None,
) -> Iterator[int]:
    """The indexes of ``lines`` that stand for left out ones and are not the file's own: ``known`` are its lines before, and
    ``replaced`` those in whose place ``lines`` come, where that is not all of them.

    Only those ``among`` are looked at, where given.
    """
    gap = _Gap(lines, known if replaced is None else replaced)
    found = [
        at for at in (range(len(lines)) if among is None else among) if _may_be(lines[at]) and _is_elision(lines, at, path, gap)
    ]
    if not found:
        return
    pairs = _pairs(known)
    quoted = _quoted(lines) if path.lower().endswith(_PYTHON) else b""
    for at in found:
        before, text, after = _neighbour(lines, at, -1), lines[at].strip(), _neighbour(lines, at, 1)
        if (before, text) in pairs or (text, after, "") in pairs or (text in _DOTS and quoted and quoted[at]):
            continue
        yield at


def restored(old: Sequence[str], new: Sequence[str], path: str) -> list[str] | None:
    """``new`` with the lines of ``old`` where it leaves them out; None where it leaves out nothing. Raises ``Elided``."""
    found = list(elisions(new, path, old))
    if not found:
        return None
    result: list[str] = []
    taken = cursor = 0
    places: dict[str, list[int]] = {}
    for at, line in enumerate(old):
        places.setdefault(line.rstrip(), []).append(at)
    for at in found:
        above, below = _filled(new, at, -1), _filled(new, at, 1)
        is_unsure = kind_of(path) == "text" and _may_be_own(new[at].strip())
        if is_unsure or above is None or below is None or above < taken - 1 or above in found or below in found:
            raise Elided(at + 1, new[at].strip())
        start = _anchor(old, new, above, -1, places, cursor)
        end = None if start is None else _anchor(old, new, below, 1, places, start + 1)
        if start is None or end is None or not any(line.strip() for line in old[start + 1 : end]):
            raise Elided(at + 1, new[at].strip())
        result += [*new[taken : above + 1], *old[start + 1 : end]]
        taken, cursor = below, end
    return [*result, *new[taken:]]


def _anchor(old: Sequence[str], new: Sequence[str], at: int, step: int, places: dict[str, list[int]], least: int) -> int | None:
    """The one place in ``old``, from ``least`` on, of the line ``new[at]``, told by the lines on its other side."""
    found = [place for place in places.get(new[at].rstrip(), ()) if place >= least][: MAX_CANDIDATES + 1]
    if len(found) > MAX_CANDIDATES:
        return None
    for distance in range(1, MAX_RUN):
        if len(found) < 2:
            break
        number = at + step * distance
        if not 0 <= number < len(new):
            return None
        wanted = new[number].rstrip()
        found = [
            place
            for place in found
            if 0 <= place + step * distance < len(old) and old[place + step * distance].rstrip() == wanted
        ]
    return found[0] if len(found) == 1 else None


class _Gap:
    """How many lines of the original are gone around a line of the new text; 0 where there is no original."""

    def __init__(self, lines: Sequence[str], known: Sequence[str]) -> None:
        self._lines, self._known = lines, known
        self.is_there = any(known)

    def at(self, number: int) -> int:
        """The filled lines between the nearest ones above and below that both have, less those that are there now."""
        if not self.is_there:
            return 0
        above, kept_above = self._nearest(number, -1)
        below, kept_below = self._nearest(number, 1)
        if below < above:
            return 0
        before = self._filled_before[below] - self._filled_before[above + 1]
        return before - kept_above - kept_below

    def _nearest(self, number: int, step: int) -> tuple[int, int]:
        """Where in the original the nearest line stands that it has once, and how many filled lines are between."""
        passed = 0
        at = number + step
        while 0 <= at < len(self._lines) and passed <= MAX_RUN:
            text = self._lines[at].strip()
            places = self._places.get(text, ()) if text else ()
            if len(places) == 1:
                return places[0], passed
            passed += bool(text)
            at += step
        return (-1, passed) if step < 0 else (len(self._known), passed)

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for at, line in enumerate(self._known):
            places = found.setdefault(line.strip(), [])
            if len(places) < 2:
                places.append(at)
        return found

    @cached_property
    def _filled_before(self) -> list[int]:
        return [0, *accumulate(bool(line.strip()) for line in self._known)]


def _may_be(line: str) -> bool:
    text = line.strip()
    if not 0 < len(text) <= MAX_LINE:
        return False
    return "..." in text or "…" in text or ". . ." in text or phrases.FIRST_LOOK.search(text) is not None or not text.isascii()


def _core(text: str, *, is_prose: bool = False) -> tuple[str, str]:
    """The text without its comment marks and brackets, and which kind those were: "comment", "bracket" or ""."""
    kind = ""
    for start, end in _MARKUP if is_prose else _COMMENTS:
        if text.startswith(start) and text.endswith(end) and len(text) >= len(start) + len(end):
            text, kind = text[len(start) : len(text) - len(end)].strip(), "comment"
            break
    else:
        opener = next((mark for mark in _OPENERS if text.startswith(mark)), "") if not is_prose else ""
        if opener:
            text, kind = text.lstrip(opener.strip() or opener).strip(), "comment"
            text = text.removesuffix("-->").removesuffix("*/").strip()
    for _ in range(2):
        for start, end in _BRACKETS:
            if len(text) > 2 and text.startswith(start) and text.endswith(end):
                text, kind = text[len(start) : len(text) - len(end)].strip(), kind or "bracket"
                break
    return text, kind


def _is_elision(lines: Sequence[str], at: int, path: str, gap: _Gap) -> bool:
    text, name = lines[at].strip(), path.lower()
    is_prose, is_there = kind_of(path) == "text", gap.is_there
    if text in _DOTS:
        return gap.at(at) > 0 if is_prose else _dots_are_elision(lines, at, name)
    core, kind = _core(text, is_prose=is_prose)
    if kind == "" and _RULED.fullmatch(text):
        core, kind = text.strip("-=*~ "), "bracket"
    if is_prose and ending(path) == ".tex" and text.startswith("%"):
        core, kind = _core(text.lstrip("% "))[0], "comment"
    core = core.lower().replace("’", "'")
    starts, ends = core.startswith(("...", "…", ". . .")), core.endswith(("...", "…", ". . ."))
    if is_prose and not kind and text.startswith(_OPENERS):
        # a heading, unless it says so
        inner = _core(text)[0].lower()
        if inner.startswith(("...", "…")) and gap.at(at) <= 0:
            return False  # of an example
        is_aside = text.lstrip("#/*-;% ")[:1] in ("(", "[") and phrases.is_said(inner)
        is_aside |= _may_be_comment(inner, path) and phrases.is_said(inner.strip(".… ")) and gap.at(at) >= MANY
        if inner.startswith(("...", "…", *_SAID)) or is_aside or not inner.isascii():
            core, kind = inner, "comment"
            starts, ends = core.startswith(("...", "…")), core.endswith(("...", "…"))
    words = core.strip(".… \t*-=~:;!,()[]<>（）。，、；：—–«»")
    if core.endswith(":") and not (starts or ends):
        return False
    if not words:
        if kind == "bracket":
            return (starts or ends) and gap.at(at) > 0
        if not (starts or ends) or kind != "comment":
            return False
        return not _in_comment(lines, at) or _is_last_of_block(lines, at) or gap.at(at) >= MANY
    if name.endswith(_YAML) and _ITEM.match(text) and not (starts or ends or phrases.is_said(words)):
        return False
    if len(words) > phrases.MAX_PHRASE or len(words.split()) > phrases.MAX_WORDS or not _WORDS.fullmatch(words):
        return not is_prose and not name.endswith(_PERL) and _INLINE.fullmatch(text) is not None
    if not (starts or ends) and phrases.is_of_one(words) and _BRANCH.match(_neighbour(lines, at, -1)):
        return False
    is_short = not (is_prose or ends) and len(words.split()) < MAX_LOOSE
    least = 1 if starts or is_short or phrases.is_said(words) else 2
    if not (kind or starts or ends or is_prose):  # words alone, which may be names of a program
        if _NAMES.search(text):
            return False
        least = max(least, 2 if len(words.split()) > 1 else 3)
    if _is_loose(words, dots=_APART.fullmatch(core) is not None) and gap.at(at) >= least:
        return True
    if kind == "":
        several = len(words.split()) > 1 or not words.isascii()
        if (starts or ends) and several and phrases.is_meant(words, sure=True) and (starts or phrases.is_said(words)):
            return True
        if not is_prose and not name.endswith(_PERL) and _INLINE.fullmatch(text) is not None:
            return True
        if not is_prose and several and "=" not in words and lines[at][0] not in " \t" and phrases.is_said(words):
            return True
        return several and "(" not in words and words.isascii() and phrases.is_said(words) and _is_sentence(words)
    if phrases.is_said(words):
        return True
    if starts and (ends or phrases.is_meant(words, sure=len(words.split()) > MAX_LOOSE)):
        return True
    if ends and phrases.is_meant(words, sure=True):
        return True
    if is_there and phrases.is_bare(words):
        return True
    return phrases.may_be_said(words) and (kind == "bracket" or _is_last_of_block(lines, at))


def _may_be_comment(inner: str, path: str) -> bool:
    """True for what looks like a heading and may be a comment: in a file without an ending, which may be a program, or with
    dots around it."""
    return not ending(path) or inner.startswith(("...", "…")) or inner.endswith(("...", "…"))


def _is_loose(words: str, *, dots: bool) -> bool:
    """True for words that stand for lines where lines are gone."""
    if dots and len(words.split()) <= MAX_LOOSE:
        return True
    return phrases.is_loose(words) or phrases.is_said(words) or phrases.may_be_said(words)


def _may_be_own(text: str) -> bool:
    """True for a line of words in text for people which nothing marks, and which does not say it of the rest."""
    core, kind = _core(text, is_prose=True)
    is_marked = kind or text.startswith(_OPENERS) or _RULED.fullmatch(text) or core.startswith(_DOTS) or core.endswith(_DOTS)
    return not is_marked and not phrases.is_said_of_rest(core.strip(" .!").lower().replace("’", "'"))


def _is_sentence(words: str) -> bool:
    """True for a sentence about the text itself, without any mark around it."""
    return words.startswith(_SAID)


def _dots_are_elision(lines: Sequence[str], at: int, name: str) -> bool:
    text, before, after = lines[at].strip(), _neighbour(lines, at, -1), _neighbour(lines, at, 1)
    if name.endswith(_PERL):
        return False
    if before.endswith((",", "(", "[", "{")) and after.startswith((")", "]", "}")):
        return text not in ("...", "…") or before.endswith("{")  # a parameter list of any length
    if before.startswith((">>>", "...")):
        return False
    if name.endswith(_YAML):
        return lines[at][:1] in (" ", "\t") or text != "..."
    if not name.endswith(_PYTHON):
        return True
    if name.endswith(".pyi") and text == "...":
        return False
    return text != "..." or not _is_python_body(lines, at, before)


def _is_python_body(lines: Sequence[str], at: int, before: str) -> bool:
    """True for ``...`` as all that a function or a class has."""
    depth = len(lines[at]) - len(lines[at].lstrip())
    following = _filled(lines, at, 1)
    alone = following is None or len(lines[following]) - len(lines[following].lstrip()) < depth
    opened = before.split("#")[0].rstrip().endswith(":") or before.endswith(('"""', "'''")) or before.startswith("#")
    return depth > 0 and alone and opened


def _in_comment(lines: Sequence[str], at: int) -> bool:
    """True where a line beside it is of the same comment, so that dots are part of what that says."""
    mark = "<!--" if "<!--" in lines[at] else lines[at].strip()[:1]
    near = [lines[number].strip() for number in (at - 1, at + 1) if 0 <= number < len(lines)]
    return any(line.startswith(mark) and _core(line)[0].strip("#/*-;% ") for line in near)


def _is_last_of_block(lines: Sequence[str], at: int) -> bool:
    """True where nothing follows that a comment could be about."""
    depth = len(lines[at]) - len(lines[at].lstrip())
    following = _filled(lines, at, 1)
    if following is None:
        return True
    line = lines[following]
    return len(line) - len(line.lstrip()) < depth or line.strip()[:1] in (")", "]", "}")


def _quoted(lines: Sequence[str]) -> bytearray:
    """For each line of Python, whether it begins within a string of several lines, as far as quotes tell."""
    flags = bytearray(len(lines))
    mark = ""
    for at, line in enumerate(lines):
        flags[at] = bool(mark)
        rest = line
        while rest:
            if mark:
                _, found, rest = rest.partition(mark)
                mark = "" if found else mark
                continue
            places = [(rest.find(quote), quote) for quote in ('"""', "'''") if quote in rest]
            if not places or "#" in rest[: min(places)[0]]:
                break
            place, mark = min(places)
            rest = rest[place + 3 :]
    return flags


def _filled(lines: Sequence[str], at: int, step: int) -> int | None:
    at += step
    while 0 <= at < len(lines) and not lines[at].strip():
        at += step
    return at if 0 <= at < len(lines) else None


def _neighbour(lines: Sequence[str], at: int, step: int) -> str:
    number = _filled(lines, at, step)
    return "" if number is None else lines[number].strip()


def _pairs(known: Sequence[str]) -> set[tuple[str, ...]]:
    """Lines of the original with the filled line above them, and below them."""
    filled = ["", *(line.strip() for line in known if line.strip()), ""]
    pairs: set[tuple[str, ...]] = set()
    for before, text, after in zip(filled, filled[1:], filled[2:], strict=False):
        pairs.add((before, text))
        pairs.add((text, after, ""))
    return pairs
