"""Path names as headers spell them: quoted by git, dated by diff, decorated by models."""

from __future__ import annotations

import re

NULL = "/dev/null"

_ESCAPE = re.compile(rb"\\([0-7]{3}|[abtnvfr\"\\])")
_NAMED = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}
_DATE = re.compile(r"[ \t]+(?:\d{4}-\d\d-\d\d|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d)\b.*")
_NOTE = re.compile(
    r"[ \t]+[(\[](?:original|modified|old|new|before|after|current|updated|changed|working copy|nonexistent|"
    r"revision [^)\]]*)[)\]]",
    re.IGNORECASE,
)
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
    if name.startswith('"'):
        return unquoted(name)
    name = _NOTE.sub("", _DATE.sub("", name)).rstrip(":").strip()
    while (hit := _DECORATION.fullmatch(name)) is not None:
        name = hit[2].strip().rstrip(":")
    while name.startswith("./"):
        name = name[2:]
    return name


def git_names(rest: str) -> tuple[str, str] | None:
    """The two names after ``diff --git``. Unquoted names hold no mark of their end, so both must be alike but for a prefix."""
    rest = rest.strip()
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
    for at in range(1, len(words)):
        one, two = " ".join(words[:at]), " ".join(words[at:])
        if one == two or one.partition("/")[2] == two.partition("/")[2] != "":
            return one, two
    return None
