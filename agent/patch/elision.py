"""Code that a model left out: ``# ... rest unchanged ...`` in the place of lines that it did not write down.

Such a line is never written. Where the lines above and below it stand in the original, what is between them there is kept; else
the edit is refused. A line that the original has at that place is the file's own (Python's ``...``, the end of a YAML document,
a quotation), and so is what the language reads as code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.patch import elision_phrases as phrases

MAX_LINE = 240
MAX_LOOSE = 4
"""Words behind dots of which any that is about code makes an elision."""

MAX_CANDIDATES = 64
"""Places of an anchoring line that are compared; one that stands more often anchors nothing."""

MAX_RUN = 40
"""Lines by which an anchor is told from others of the same text."""

_DOTS = ("...", "…", ". . .", "[...]", "[…]", "(...)", "(…)", "{...}", "{…}", "<...>", "....", ".....", "......")
_PROSE = (".md", ".mdx", ".markdown", ".rst", ".txt", ".adoc", ".tex", ".csv", ".tsv", ".diff", ".patch", ".log")
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
_BRACKETS = (("[", "]"), ("(", ")"), ("{", "}"), ("<", ">"), ("**", "**"), ("_", "_"), ("`", "`"), ("*", "*"))
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


def elisions(lines: Sequence[str], path: str, known: Sequence[str] = (), among: Sequence[int] | None = None) -> Iterator[int]:
    """The indexes of ``lines`` that stand for left out ones and are not the file's own: ``known`` are its lines before.

    Only those ``among`` are looked at, where given.
    """
    is_there = any(known)
    found = [
        at
        for at in (range(len(lines)) if among is None else among)
        if _may_be(lines[at]) and _is_elision(lines, at, path, is_there=is_there)
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
        if above is None or below is None or above < taken - 1 or above in found or below in found:
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


def _may_be(line: str) -> bool:
    text = line.strip()
    if not 0 < len(text) <= MAX_LINE:
        return False
    return "..." in text or "…" in text or ". . ." in text or text.lower().startswith(_SAID) or _core(text, ())[1] != ""


def _core(text: str, prose: Sequence[str]) -> tuple[str, str]:
    """The text without its comment marks and brackets, and which kind those were: "comment", "bracket" or ""."""
    kind = ""
    for start, end in _MARKUP if prose else _COMMENTS:
        if text.startswith(start) and text.endswith(end) and len(text) >= len(start) + len(end):
            text, kind = text[len(start) : len(text) - len(end)].strip(), "comment"
            break
    else:
        opener = next((mark for mark in _OPENERS if text.startswith(mark)), "") if not prose else ""
        if opener:
            text, kind = text.lstrip(opener.strip() or opener).strip(), "comment"
            text = text.removesuffix("-->").removesuffix("*/").strip()
    for start, end in _BRACKETS:
        if len(text) > 2 and text.startswith(start) and text.endswith(end):
            text, kind = text[len(start) : len(text) - len(end)].strip(), kind or "bracket"
            break
    return text, kind


def _is_elision(lines: Sequence[str], at: int, path: str, *, is_there: bool) -> bool:
    """``is_there``: the file exists, so that lines of it may be meant."""
    text, name = lines[at].strip(), path.lower()
    is_prose = name.endswith(_PROSE) or "." not in name.rsplit("/", 1)[-1]
    if text in _DOTS:
        return is_there if is_prose else _dots_are_elision(lines, at, name)
    core, kind = _core(text, _PROSE if is_prose else ())
    core = core.lower().replace("’", "'")
    starts, ends = core.startswith(("...", "…", ". . .")), core.endswith(("...", "…", ". . ."))
    if is_prose and not kind and text.startswith(_OPENERS):
        # a heading, unless it says so
        inner = _core(text, ())[0].lower()
        if inner.startswith(("...", "…", *_SAID)) or not inner.isascii():
            core, kind = inner, "comment"
            starts, ends = core.startswith(("...", "…")), core.endswith(("...", "…"))
    words = core.strip(".… \t*-=~:;!,()[]<>")
    if core.endswith(":") and not (starts or ends):
        return False
    if not words:
        return (starts or ends) and kind == "comment" and (not _in_comment(lines, at) or _is_last_of_block(lines, at))
    if len(words) > phrases.MAX_PHRASE or len(words.split()) > phrases.MAX_WORDS or not _WORDS.fullmatch(words):
        return not is_prose and _INLINE.fullmatch(text) is not None
    if kind == "":
        several = len(words.split()) > 1 or not words.isascii()
        if (starts or ends) and several and phrases.is_meant(words, sure=True) and (starts or phrases.is_said(words)):
            return True
        if not is_prose and _INLINE.fullmatch(text) is not None:
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


def _is_sentence(words: str) -> bool:
    """True for a sentence about the text itself, without any mark around it."""
    return words.startswith(_SAID)


def _dots_are_elision(lines: Sequence[str], at: int, name: str) -> bool:
    text, before, after = lines[at].strip(), _neighbour(lines, at, -1), _neighbour(lines, at, 1)
    if name.endswith((".pl", ".pm", ".t", ".raku", ".rakumod")):
        return False
    if before.endswith((",", "(", "[", "{")) and after.startswith((")", "]", "}")):
        return text not in ("...", "…") or before.endswith("{")  # a parameter list of any length
    if before.startswith((">>>", "...")):
        return False
    if name.endswith((".yml", ".yaml")):
        return lines[at][:1] in (" ", "\t")
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
    mark = lines[at].strip()[:1]
    near = [lines[number].strip() for number in (at - 1, at + 1) if 0 <= number < len(lines)]
    return any(line.startswith(mark) and _core(line, ())[0].strip("#/*-;% ") for line in near)


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
