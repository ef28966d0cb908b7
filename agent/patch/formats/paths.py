"""Path names as headers spell them: quoted by git, dated by diff, decorated by models."""

from __future__ import annotations

import re

NULL = "/dev/null"
MAX_NAME = 5_000
"""Characters: a path of 1,024 bytes in git's quotes (four for a byte), with a prefix, a date and a note."""

MAX_DECORATIONS = 8

_ESCAPE = re.compile(rb"\\([0-7]{3}|[abtnvfr\"\\])")
_NAMED = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}
_DATE = re.compile(r"(?<![ \t])[ \t]++(?:\d{4}-\d\d-\d\d|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d)\b.*")
_NOTE = re.compile(
    r"(?<![ \t])[ \t]++[(\[](?:original|modified|old|new|before|after|current|updated|changed|working copy|nonexistent|"
    r"revision [^)\]]{0,100})[)\]]",
    re.IGNORECASE,
)
_WINDOWS = re.compile(r"(?:[^\\:\"*?<>|]{1,255}\\)+[^\\:\"*?<>|]{1,255}")
_HERE = re.compile(r"\A(?:\./)+")
_DECORATION = re.compile(r"(\*\*|__|`|\*|\"|')(.+)\1")


def unquoted(name: str) -> str:
    """A path in git's C-style quotes as it is (git-config, core.quotePath); any other name unchanged."""
    if len(name) < 2 or not (name.startswith('"') and name.endswith('"')):
        return name
    raw = _ESCAPE.sub(lambda hit: bytes([_NAMED[hit[1]] if hit[1] in _NAMED else int(hit[1], 8) & 255]), name[1:-1].encode())
    return raw.decode("utf-8", "surrogateescape")


def cleaned(name: str) -> str:
    """The path in a header's name, without date, note and decoration."""
    name = name.rstrip("\r\n").split("\t", 1)[0].strip()
    if len(name) > MAX_NAME:
        return name
    if name.startswith('"'):
        return unquoted(name)
    name = _NOTE.sub("", _DATE.sub("", name)).rstrip(":").strip()
    for _ in range(MAX_DECORATIONS):
        hit = _DECORATION.fullmatch(name)
        if hit is None:
            break
        name = hit[2].strip().rstrip(":")
    return _HERE.sub("", forward(name))


def forward(name: str) -> str:
    """A path of Windows with slashes: a backslash can't be in a name, so it divides names."""
    return name.replace("\\", "/") if _WINDOWS.fullmatch(name) else name


def is_same(path: str, name: str) -> bool:
    """True when a header's ``name`` may be that path with a prefix, or the path a shorter form of it."""
    return path == name or name.endswith(f"/{path}") or path.endswith(f"/{name}")


def git_names(rest: str) -> tuple[str, str] | None:
    """The two names after ``diff --git``. Unquoted names hold no mark of their end, so both must be alike but for a prefix.

    None where that is not told, or where the line is longer than two names can be.
    """
    rest = rest.strip()
    if len(rest) > 2 * MAX_NAME:
        return None
    if rest.startswith('"'):
        end = 1
        while end < len(rest) and rest[end] != '"':
            end += 2 if rest[end] == "\\" else 1
        return cleaned(rest[: end + 1]), cleaned(rest[end + 1 :])
    if rest.endswith('"') and ' "' in rest:
        first, second = rest.split(' "', 1)
        return cleaned(first), cleaned('"' + second)
    words = rest.split(" ")
    if len(words) == 2:
        return cleaned(words[0]), cleaned(words[1])
    return _alike(rest)


def _alike(rest: str) -> tuple[str, str] | None:
    """``rest`` divided at the first space that has the same on both sides, but for what comes before the first slash.

    Lengths tell for all but a few of the spaces that they can't be the one.
    """
    head, slash = rest.find("/"), -1
    at = rest.find(" ")
    while at >= 0:
        if slash <= at:
            slash = rest.find("/", at + 1)
            slash = len(rest) if slash < 0 else slash
        same_length = 2 * at + 1 == len(rest)
        after_slash = 0 <= head < at and 0 < at - head - 1 == len(rest) - slash - 1
        if (same_length and rest[:at] == rest[at + 1 :]) or (after_slash and rest[head + 1 : at] == rest[slash + 1 :]):
            return rest[:at], rest[at + 1 :]
        at = rest.find(" ", at + 1)
    return None
