"""Lines that name the file of what stands below them: a label, a path by itself, a heading with one path in it."""

from __future__ import annotations

import re

from agent.patch.file_kinds import kind_of
from agent.patch.formats.answer_lines import AnswerLines
from agent.patch.formats.fences import opener
from agent.patch.formats.paths import cleaned

MAX_LINE = 400
"""Characters of a heading; a longer line names nothing."""

MAX_ABOVE = 40
"""Lines above an edit among which a heading is looked for."""

LABEL = re.compile(r"(?:[#*\-\d. ]{0,8})(?:FILE|File|file|Path|path|Filename|filename)[ \t]*:[ \t]*(\S.*)")
FILE = re.compile(r"(?:#{1,6}[ \t]+)?(?:\*\*)?FILE:")
_WORDS = re.compile(r"[^\s`*\"'<>|?]{1,200}(?: [^\s`*\"'<>|?]{1,100}){0,3}")
_SPAN = re.compile(r"`([^`]{1,300})`|\*\*([^*]{1,300})\*\*")
_LEAD = re.compile(r"(?:#{1,6}[ \t]+|[-*+][ \t]+|\d{1,3}[.)][ \t]+){1,3}")
_ENDING = re.compile(
    r"(?:[^/]{1,200}\.[A-Za-z][A-Za-z0-9_+-]{0,14}|\.[A-Za-z][\w.-]{0,60}|Makefile|Dockerfile|Procfile|LICENSE|Gemfile)"
)
_TAGGED = re.compile(
    r"<(path|file|file_?path|filename)>[ \t]*([^<>]{1,300}?)[ \t]*</\1>|"
    r"<\w{1,20} (?:path|name|file)=([\"'])([^\"'<>]{1,300})\3[ \t]*>"
)
_LED = re.compile(r"(?:[A-Za-z]{1,12},?[ ]){1,4}([^\s`*\"'<>|?,;:]{1,200}):|(?:[A-Za-z]{1,12} ){1,2}`([^`]{1,300})`")
"""A few words before a path, which is all that follows them."""

_LANGUAGE = re.compile(r"[A-Za-z][\w+#-]{0,30}")
_TOKENS = re.compile(r"[\s=\"'{}(),;]+")


def is_path(name: str) -> bool:
    """True for what may be a path on a line by itself."""
    return (
        bool(_WORDS.fullmatch(name))
        and not name.endswith((":", ",", ";"))
        and (" " not in name or "/" in name or "." in name[-6:])
    )


def is_telling(name: str) -> bool:
    """True for what can hardly be anything but a path: it has an ending or a folder, and no space."""
    plain = name.replace("\\", "/")
    return (
        " " not in name
        and is_path(name)
        and "://" not in name
        and bool(_ENDING.fullmatch(plain.rsplit("/", 1)[-1]) or "/" in plain.strip("/"))
    )


def named(line: str) -> list[str]:
    """The paths that a heading names; several where it is not clear which is meant."""
    text = line.strip()
    if not text or len(text) > MAX_LINE:
        return []
    tagged = _TAGGED.fullmatch(text)
    if tagged:
        name = cleaned(tagged[2] or tagged[4])
        return [name] if is_path(name) else []
    label = LABEL.fullmatch(without_emphasis(text))
    if label:
        name = cleaned(label[1])
        if is_path(name):
            return [name]
        text = label[1]
    bare = _LEAD.sub("", text, count=1)
    for whole in (text.lstrip("# ").strip(), bare):
        if is_telling(cleaned(whole)):
            return [cleaned(whole)]
    led = _LED.fullmatch(text)
    if led:
        name = cleaned(led[1] or led[2])
        is_file = "/" in name or kind_of(name) != "other"  # and no part of a program, as in "if not self.ready:"
        return [name] if is_file and is_telling(name) and _ENDING.fullmatch(name.rsplit("/", 1)[-1]) else []
    if text[0] not in "#*`-" and not text[0].isdigit() and not text.rstrip("*_ ").endswith(":"):
        return []
    spans = [cleaned(hit[1] or hit[2]) for hit in _SPAN.finditer(text)]
    return list(dict.fromkeys(name for name in spans if is_telling(name)))


def is_heading(line: str) -> bool:
    """True for a line that stands over what follows: a Markdown heading, words in bold, a label."""
    text = line.strip()
    return text.startswith("#") or (text.startswith("**") and text.rstrip(":").endswith("**")) or says_file(text) is not None


def without_emphasis(text: str) -> str:
    """A label without the marks that make it bold, wherever they close: ``**File:** x``, ``__File: x__``."""
    plain = text.replace("**", "") if "**" in text[:12] else text
    return plain[2:].removesuffix("__") if plain.startswith("__") and not plain.startswith("__init") else plain


def of_fence(line: str) -> str | None:
    """The path behind a fence's language, or in its place; a language by itself is none."""
    if opener(line.strip()) is None:
        return None
    for word in _TOKENS.split(line.strip().lstrip("`~").strip()):
        language, _, rest = word.partition(":")
        is_behind = len(language) > 1 and _LANGUAGE.fullmatch(language) is not None and rest
        for part in (rest,) if is_behind else (word, rest):
            name = cleaned(part)
            is_file = "." in name or _ENDING.fullmatch(name) is not None
            if name and (is_telling(name) or (is_behind and is_file)) and (is_file or not _LANGUAGE.fullmatch(name)):
                return name
    return None


def says_file(line: str) -> str | None:
    """What a ``FILE:`` line names, decorated or not."""
    head = FILE.match(line)
    if head is None:
        return None
    name = line[head.end() :].strip(" \t")
    name = name.removesuffix("**") or name
    return name if name and not name[0].isspace() else None


def since_last_edit(answer: AnswerLines, at: int) -> list[str]:
    """The paths of the nearest heading above ``at`` that names some, after the last edit."""
    for number in answer.above(at, MAX_ABOVE):
        line = answer.plain[number]
        if is_heading(line) and (found := named(line)):
            return found
    return []


def above(answer: AnswerLines, at: int) -> tuple[list[str], int]:
    """The paths that the two nearest lines above ``at`` name, since the last edit, and the line; -1 where none does."""
    for number in answer.above(at, 2):
        found = named(answer.plain[number])
        if found:
            return found, number
    for number in range(max(answer.end, at - 3), at):
        name = of_fence(answer.plain[number])
        if name:
            return [name], number
    return [], -1
