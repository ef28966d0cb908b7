"""Fences in which no edit stands: an example for the reader, or a file that the answer shows in a form that is not read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from agent.patch.file_kinds import ending, kind_of
from agent.patch.formats import headings
from agent.patch.formats.answer_lines import AnswerLines
from agent.patch.formats.paths import cleaned, is_same
from agent.patch.formats.sentences import MAX_LOOKED_AT
from agent.patch.model import EditsInvalid

MAX_ABOVE = 2
"""Lines above an edit, since the one before it, in which another file's name is looked for."""

_COMMANDS = frozenset("bash sh shell console zsh powershell output cmd terminal".split())  # noqa: SIM905
_PLAIN = frozenset(("text", "txt", "plaintext"))
_SCRIPTS = (".sh", ".bash", ".zsh", ".fish", ".ps1", ".bat", ".cmd", ".command", "")
_COMMENT_NAME = re.compile(r"(?:#|//|--|;|/\*|<!--|%){1,3}[ \t]*([\w./\\-]{1,200}\.[A-Za-z]\w{0,7})[ \t]*(?:\*/|-->)?[ \t]*")
_EXAMPLE = re.compile(r"\b(?:examples?|usage|for instance|e\.g)\b", re.IGNORECASE)
_DOING = re.compile(
    r"\b(?:us(?:e|ed|ing)|runs?|running|calls?|called|calling|tests?|tested|try|tries|invok\w+|execut\w+|outputs?|results?|prints?|printed|"
    r"start(?:s|ed|ing)?|pass(?:es|ed)?|fail(?:s|ed)?|returns?|gives?|shows?|verify|check(?:s|ed)?|install|see)\b",
    re.IGNORECASE,
)
_CHANGING = re.compile(
    r"\b(?:updat\w+|chang\w+|replac\w+|add(?:s|ed|ing)?|creat\w+|becomes?|new|edit\w*|modif\w+|put|writ\w+|rewrit\w+|now|fix\w*|"
    r"should (?:look|read|be)|looks like|contents?|insert\w*|final|full|complete)\b",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[\w.@+-]*(?:/[\w.@+-]+)+|[\w@+-][\w.@+-]*\.[A-Za-z]\w{0,9}")
_PLACE = re.compile(
    r"\W{0,4}(?:in|inside|within|at|of|for|file)[ ]+(?:the file[ ]+)?[`*\"']{0,3}((?:[\w.@+-]{1,100}/){2,20}[\w.@+-]{1,100})"
    r"[`*\"']{0,3}\W{0,4}",
    re.IGNORECASE,
)
"""A line that says a place and nothing else. Only there is a path without an ending told from a route or a module."""

_BARE = ("Makefile", "Dockerfile")
_PRODUCT = re.compile(r"[A-Z]\w+\.(?:js|io|net|ai|py|rs)")


def path_of(above: str, fence: str, shown: str, language: str) -> str | None:
    """The path of the file that a fence may be, by the line ``above`` it, its own first line and the first that it shows;
    None where it is an example."""
    behind = headings.of_fence(fence)
    title = _COMMENT_NAME.fullmatch(shown.strip()[:MAX_LOOKED_AT])
    own = behind or (title[1] if title is not None else None)
    if own is not None:
        return own if _may_hold(own, language, shown) else None
    paths = _mentioned(above)
    path = paths[-1] if paths else None
    if path is None or not _may_hold(path, language, shown):
        return None
    if _is_only_a_name(above):
        return path
    said = _TOKEN.sub("", above[:MAX_LOOKED_AT])
    is_example = _EXAMPLE.search(said) or (_DOING.search(said) and not _CHANGING.search(said))
    return None if is_example else path


def refuse_other_file(answer: AnswerLines, at: int, known: Sequence[str]) -> None:
    """Raises ``EditsInvalid`` where a line above an edit that names no file mentions one other than those of
    the file before it (``known``)."""
    for number in answer.above(at, MAX_ABOVE) if known else ():
        path = mentioned_alone(answer.plain[number])
        if path is not None and not any(is_same(path, name) or f"/{path}/" in f"/{name}" for name in known):
            raise EditsInvalid(
                f"Line {number + 1} names {path}, and the edit below it names no file.",
                line=number + 1,
                hint="Name the file of each edit in the form of its format: in the lines `--- a/path` and `+++ b/path`, or "
                "alone on the line above a block.",
            )


def mentioned_alone(line: str) -> str | None:
    """The one path of a file that the line mentions, however it is decorated; None where it has none or several."""
    place = _PLACE.fullmatch(line[: headings.MAX_LINE].strip())
    if place is not None:
        return cleaned(place[1])
    words = [
        cleaned(hit[0].rstrip(".")) for hit in _TOKEN.finditer(line[: headings.MAX_LINE]) if not _PRODUCT.fullmatch(hit[0])
    ]
    paths = [
        word for word in dict.fromkeys(words)
        if headings.is_telling(word) and (
            kind_of(word) != "other" or "/" in word if ending(word) else word.rsplit("/", 1)[-1] in _BARE
        )
    ]  # fmt: skip
    return paths[0] if len(paths) == 1 and "://" not in line else None


def is_change(lines: Sequence[str]) -> bool:
    """True for lines of which one is taken out and the next one put in."""
    return any(
        one[:1] == "-" and other[:1] == "+" and one[1:].strip("- ") and other[1:].strip("+ ") for one, other in pairwise(lines)
    )


def _may_hold(path: str, language: str, shown: str) -> bool:
    """False where the fence's language says that it is not a file of this kind: commands below the name of a program."""
    if language in _COMMANDS:
        return ending(path) in _SCRIPTS and not shown.startswith(("$ ", "> ", "% "))
    return language not in _PLAIN or kind_of(path) != "code" or ending(path) in _SCRIPTS or not shown.startswith(("$ ", "> "))


def _mentioned(line: str) -> list[str]:
    found = headings.named(line)
    if found:
        return found
    text = line.strip()[:MAX_LOOKED_AT]
    if text.endswith((".", "!", "?")) and not text.endswith("..."):
        return []  # it ends what was said, and does not say what follows
    words = [cleaned(hit[0]) for hit in _TOKEN.finditer(text) if not _PRODUCT.fullmatch(hit[0])]
    return [
        word for word in words
        if headings.is_telling(word) and (ending(word) or word.rsplit("/", 1)[-1] in _BARE)
        and kind_of(word) != "other" and "://" not in text
    ]  # fmt: skip


def _is_only_a_name(line: str) -> bool:
    text = headings.without_emphasis(line.strip())
    hit = headings.LABEL.fullmatch(text)
    plain = (hit[1] if hit is not None else text).lstrip("#*-0123456789.) ").strip("`*_: ")
    return " " not in plain
