"""Parses answers that are files or edits, also those in none of the formats of ``agent.patch``."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from typing import Any

from agent.patch import Edits, detect, parse_edits
from agent.patch.formats.fences import closes
from agent.patch.paths import folded
from agent.patterns import linear
from agent.ports import JSONObject
from agent.team.parsing.fenced_files import fenced, fences, opener
from agent.team.parsing.json_repair import mended, objects
from agent.team.parsing.text_tool_calls import calls_on_top
from agent.team.parsing.thoughts import without_thoughts
from agent.tools import LOOKING, canonical

NO_CHANGE = "NO CHANGE"
MAX_READ = 2_000_000
"""Characters of an answer that are searched for files in other formats."""

MAX_NESTED = 20
"""Objects around the files of an answer that is one."""

_PATH = r"(?:\.{1,2}/)?[\w@.+-]+(?:/[\w@.+()\[\]-]+)*"
_NAMED = re.compile(rf"{_PATH}\.\w{{1,12}}|(?:{_PATH}/)?(?:Dockerfile|Makefile|Procfile|LICENSE|Gemfile|\.\w+)")
_BULLET = r"[ \t]*(?:#{1,6}[ \t]*|[-*][ \t]+|\d+[.)][ \t]*)?"
_LABEL = re.compile(
    rf"{_BULLET}[*_]{{0,2}}(?:file(?:[ _]?name|[ _]?path)?|path)[*_]{{0,2}}[ \t]*[:=][*_]{{0,2}}"
    rf"[ \t]*[\"'`*]*({_PATH})[\"'`*:]*[ \t]*",
    re.IGNORECASE,
)
_WHOLE = (
    r"(?:(?:here(?:['’]s)?|is|are|the|this|new|updated|modified|revised|complete|full|whole|entire|final|file|contents?|code|"
    r"source|version|of|for|create)[ \t:]+){0,10}"
)
"""Words around a path that speak of the file as a whole: any other sentence speaks of something in it, or beside it."""
_NUMBERED = r"[^\w`/.@\n]{0,20}(?:(?:step|file|part)?[ \t]*\d{1,3}[.:)][ \t]*)?[^\w`/.@\n]{0,9}"
_HEADING = re.compile(rf"{_NUMBERED}{_WHOLE}[`*_]*({_PATH})[`*_]*[ \t]*(?:\([^()]*\))?:?[`*_]*[ \t]*", re.IGNORECASE)
_WISH = linear(
    r"(?i)\b(?:add|append|insert|put|paste|update|change|replace|edit|modify|extend|fix|remove|delete|rename"
    r"|(?:place|include|write)[ \t]+(?:it|this|these|the following))\b"
)
_INTO = linear(r"(?i)\b(?:to|in|into|inside|of)[ \t]+\S+$")
_EXCERPT = linear(
    r"(?i)\b(?:excerpt|extract|snippet|partial|abridged|shortened|only (?:the )?(?:relevant|changed)|auszug|ausschnitt|extrait"
    r"|fragmento|extracto)\b[^()]*\)|\((?:节选|部分|摘录)\)"
    r"|\((?:(?:the|its|in|at|near|from|only|just|new|around|after)[ \t])*(?:continued|cont\.|contd|beginning"
    r"|(?:end|top|bottom)\b|(?:lines?|l|parts?|sections?|hunks?)\.?[ \t]?[\w–-]*\d"
    r"|(?:sections?|lines?|functions?|methods?|imports?)\b|additions?|before\b|old\b|current\b|original|existing|previous"
    r"|unchanged|diff\b|changes\b|changed (?:lines|parts?|functions?)"
    r"|fortsetzung|zeilen?|vorher|alt\b|suite\b|lignes?|avant\b|antes\b|líneas?|devamı|önce|eski)[^()]*\)|\((?:续|继续|之前|旧)[^()]*\)"
)
"""In brackets behind a path: there is more of that file, or it is not what the file shall be."""
_COMMENT = re.compile(
    rf"[ \t]*(?:#|//|--|;|/\*+|<!--)[ \t]*(?:file(?:name|path)?[ \t]*:[ \t]*)?({_PATH})[ \t]*(?:\*/|-->)?[ \t]*", re.IGNORECASE
)
_ELEMENT = linear(r"(?i)<file[ \t]+(?:path|name|filename)[ \t]*=[ \t]*[\"']([^\"'\n]+)[\"'][^>\n]*>\n?")
_SHELL = frozenset(("bash", "sh", "shell", "console", "zsh", "powershell", "text", "output"))
_SHELL_FILES = (".sh", ".bash", ".zsh", ".ps1", ".txt")
_NOTHING_TO_DO = re.compile(
    r"(?:\W*\b(?:no|none|nothing)\b(?:[ \t]+(?:further|additional|more|new|other))?[ \t]+(?:changes?|tests?)\b"
    r"(?:[ \t]+(?:(?:is|are|was|were)[ \t]+)?(?:needed|required|necessary|to make|to add|missing))?\W*)",
    re.IGNORECASE,
)  # fmt: skip
_PATHS, _TEXTS = ("path", "file", "filename", "file_path", "name"), ("content", "contents", "code", "text", "body", "source")


def read_answer(text: str, *, cut_off: bool = False) -> Edits:
    """The edits of a model's answer: in a format of ``agent.patch``, or files in another way. What is neither has an ``error``;
    that nothing has to change is the text ``NO_CHANGE``."""
    said = without_thoughts(text) if len(text) <= MAX_READ else text
    if not said.strip():
        return parse_edits(said, cut_off=cut_off)
    form = detect(said)
    return _behind_calls(said, cut_off) or parse_edits(said if form else _as_manifest(said), cut_off=cut_off)


def _behind_calls(said: str, cut_off: bool) -> Edits | None:
    """The edits behind calls in the text, which are not carried out; None where there are none, or where a call would change a
    file that the edits leave alone: that edit would be lost."""
    calls, rest = calls_on_top(said)
    if not calls or not detect(rest):
        return None
    edits = parse_edits(rest, cut_off=cut_off)
    changed = edits.touched()
    return edits if edits.files and all(_changes_only(call, changed) for call in calls) else None


def _changes_only(call: JSONObject, changed: Set[str]) -> bool:
    if canonical(str(call.get("name"))) in (*LOOKING, "run", "finish"):
        return True
    given = call.get("arguments")
    path = next((given[key] for key in _PATHS if isinstance(given.get(key), str)), None) if isinstance(given, dict) else None
    return path is not None and folded(path) in changed


def _as_manifest(said: str) -> str:
    """``said`` as a manifest, where it holds files in a way of its own; else as it is."""
    first, last = _say_no_change(said)
    body = said.rstrip().rpartition("\n")[0] if last and not first else said
    for reader in (_labelled, _elements, _fenced, _objects):
        files = reader(body)
        if files:
            return said if first else _manifest(files, is_exact=reader is not _labelled) or said
    return NO_CHANGE if first or last else said


def _say_no_change(text: str) -> tuple[bool, bool]:
    """Whether the first and the last line of a short answer do; behind a file the last one says that it is all."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    says = [len(text) < 600 and _NOTHING_TO_DO.fullmatch(line) is not None for line in (lines[0], lines[-1])]
    return says[0], says[1]


def _manifest(files: Sequence[tuple[str, str]], *, is_exact: bool) -> str:
    """The files as a manifest; nothing where a text would be read as another edit's beginning. An exact text is put in a fence,
    so that none of it is taken for what is said around it."""
    if any(line.startswith("FILE:") for _, text in files for line in text.splitlines()):
        return ""
    manifest = "".join(
        f"FILE: {path.removeprefix('./')}\n"
        + (fenced(path, text) if is_exact else text + ("" if text.endswith("\n") else "\n"))
        for path, text in files
    )
    return manifest if not is_exact or len(parse_edits(manifest).files) in (0, len(files)) else ""


def _labelled(text: str) -> list[tuple[str, str]]:
    """``File: path`` or ``### path`` and the like without fences: read as a manifest if a line says file or path."""
    lines = text.split("\n")
    heads = [(at, hit[1]) for at, line in enumerate(lines) if (hit := _LABEL.fullmatch(line)) and _NAMED.fullmatch(hit[1])]
    if not heads or any(map(opener, lines)):
        return []
    ends = [at for at, _ in heads[1:]] + [len(lines)]
    return [(path, "\n".join(lines[at + 1 : end]).strip("\n") + "\n") for (at, path), end in zip(heads, ends, strict=True)]


def _elements(text: str) -> list[tuple[str, str]]:
    found = []
    end = 0
    for hit in _ELEMENT.finditer(text):
        if hit.start() < end:
            continue  # it stands in the text of another file
        end = text.find("</file>", hit.end())
        if end < 0:
            return []
        body = text[hit.end() : end].removeprefix("<![CDATA[").removesuffix("]]>").rstrip("\n")
        lines = body.lstrip("\n").split("\n")
        own = opener(lines[0])
        if len(lines) > 1 and own is not None and closes(lines[-1], own[0]):
            body = "\n".join(lines[1:-1])
        found.append((hit[1].strip(), body + "\n"))
    return found


def _fenced(text: str) -> list[tuple[str, str]]:
    """Fences whose path stands in their first line, on the line before them, or in a comment on top. None at all where one of
    them is meant as a part of a file: nothing says where it goes."""
    found: list[tuple[str, str]] = []
    for before, info, body in fences(text.split("\n"), _path_of):
        if body is None or _is_part(before[:300], info):
            return []
        path = _path_of(before, info, "")
        if path is None and body and (path := _path_on_top(body[0])) is not None:
            body = body[1:]
        is_example = info.strip().lower() in _SHELL and path is not None and not path.endswith(_SHELL_FILES)
        if path is not None and not is_example:
            found.append((path, "\n".join(body).rstrip("\n") + "\n"))
    return found


def _path_of(before: str, info: str, top: str) -> str | None:
    """The path that stands in a fence's first line, on the line ``before`` it, or in a comment ``top`` of its text."""
    for word in re.split(r"[\s:=\"'{}(),]+", info):
        if _NAMED.fullmatch(word) and ("/" in word or "." in word[1:]):
            return word
    for pattern in (_LABEL, _HEADING):
        hit = pattern.fullmatch(before[:300])
        if hit and _NAMED.fullmatch(hit[1]):
            return hit[1]
    return _path_on_top(top)


def _path_on_top(line: str) -> str | None:
    hit = _COMMENT.fullmatch(line)
    return hit[1] if hit and _NAMED.fullmatch(hit[1]) else None


def _is_part(before: str, info: str) -> bool:
    """Whether a sentence asks for what is fenced below it to be put into the file that it names."""
    words = before.strip().rstrip(":. \t").replace("`", "").replace("*", "")
    wish = _WISH.search(words) or _EXCERPT.search(words)
    if wish is None or not any(_NAMED.fullmatch(word.strip("`*_:,;()")) for word in before.split()):
        return False
    return info.strip().lower() not in _SHELL or _INTO.search(words) is not None


def _objects(text: str) -> list[tuple[str, str]]:
    """{"files": [{"path", "content"}]}, {"path": …, "content": …}, {"src/app.py": "…"}."""
    if text.count("{") > text.count("}"):
        return []
    for data in (*objects(text), *mended(text)):
        files = _files_in(data)
        if files:
            return files
    return []


def _files_in(data: Any, depth: int = MAX_NESTED) -> list[tuple[str, str]]:
    if isinstance(data, list) and depth:
        return [file for entry in data if isinstance(entry, dict) for file in _files_in(entry, depth - 1)]
    if not isinstance(data, dict) or not depth:
        return []
    path = next((data[key] for key in _PATHS if isinstance(data.get(key), str)), None)
    body = next((data[key] for key in _TEXTS if isinstance(data.get(key), str)), None)
    if path is not None and body is not None:
        return [(path, body)] if _NAMED.fullmatch(path) else []
    named = [
        (key, value) for key, value in data.items() if isinstance(value, str) and value.strip() and _NAMED.fullmatch(key)
    ]  # fmt: skip
    if named and len(named) == len(data):
        return named
    return next((files for value in data.values() if (files := _files_in(value, depth - 1))), [])
