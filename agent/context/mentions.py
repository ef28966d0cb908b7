"""What a task speaks of: paths, names of code and the frames of tracebacks, as people and tools write them.

Only the text is looked at; ``resolution`` finds out what of it the repository has. All patterns are linear and the text is
cut, for a task may quote a log of any size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from agent.patterns import linear

MAX_TEXT = 40_000
"""Characters that are looked at: the first and the last half of a longer text, as the end of a traceback says most."""
MAX_LINE = 600
"""Characters of a line that are looked at: a longer one is data."""
MAX_MENTIONS = 300
MAX_LINE_NUMBER = 1_000_000
NO_LINE = 0

_PYTHON = linear(r'File "([^"\n]+)", line (\d+)(?:, in ([\w.<>]+))?')
_JAVA = linear(r"\bat ((?:[A-Za-z_$][\w$]*\.)+)([\w$<>]+)\(([\w$]+\.(?:java|kt|scala|groovy)):(\d+)\)")
_DOTNET = linear(r"\bat ([\w.`<>+]+)\([^)\n]*\) in ([^\n]+?\.(?:cs|fs|vb)):line (\d+)")
_NODE = linear(r"\bat (?:async )?(?:new )?([\w$.<>]+) (?:\[as [^\]\n]+\] )?\((?:file://)?([^\s():]+):(\d+):\d+\)")
_PATH = linear(
    r"(?:[A-Za-z]:\\)?((?:[\w.@+~$\[\]-]*[/\\])*[\w.@+$\[\]-]*[\w\]])"
    r"(?:::([\w:]+)|(?::|#L|\(|, line | on line |:line )(\d+))?"
)
_NAME = linear(r"`?\b[A-Za-z_$][\w$]*(?:(?:\.|::|#|->)[A-Za-z_$][\w$]*)*`?\(?")
_SEPARATOR = linear(r"\.|::|#|->")
_CAMEL = linear(r"[a-z0-9][A-Z]|[A-Z][a-z0-9]+[A-Z]|^[A-Z]{2,}[a-z]")
_SUFFIX = linear(r"\.[A-Za-z][A-Za-z0-9+_-]*$")


@dataclass(frozen=True)
class PathMention:
    """``path`` as it is written, with ``/``; ``line`` is 0 where none is named, ``name`` a test or function named with it."""

    path: str
    line: int = NO_LINE
    name: str = ""


@dataclass(frozen=True)
class NameMention:
    """``parts`` of a name as it is qualified: pkg, Class, method. ``sure``: written in a way that only names of code are."""

    parts: tuple[str, ...]
    sure: bool = True

    @property
    def text(self) -> str:
        return ".".join(self.parts)


Mention = PathMention | NameMention


def find_mentions(text: str) -> list[Mention]:
    """Each once: frames of tracebacks first, then paths, then names, in the order of the text."""
    if len(text) > MAX_TEXT:
        text = text[: MAX_TEXT // 2] + "\n" + text[-MAX_TEXT // 2 :]
    text = "\n".join(line[:MAX_LINE] for line in text.splitlines())
    framed = list(dict.fromkeys(_frames(text)))
    known = {(frame.path, frame.line) for frame in framed}
    paths = (mention for mention in _paths(text) if (mention.path, mention.line) not in known)
    return list(islice(dict.fromkeys(chain(framed, paths, _names(text))), MAX_MENTIONS))


def _frames(text: str) -> Iterator[PathMention]:
    """The innermost frame says most; Python writes it last, the others first."""
    for hit in reversed(list(_PYTHON.finditer(text))):
        yield _frame(hit[1], hit[2], hit[3])
    for hit in _NODE.finditer(text):
        yield _frame(hit[2], hit[3], hit[1])
    for hit in _DOTNET.finditer(text):
        yield _frame(hit[2], hit[3], hit[1])
    for hit in _JAVA.finditer(text):
        packages = hit[1].rstrip(".").split(".")[:-1]
        yield _frame("/".join([*packages, hit[3]]), hit[4], hit[2])


def _frame(path: str, line: str, name: str | None) -> PathMention:
    short = _SEPARATOR.split(name or "")[-1]
    return PathMention(_slashed(path), _number(line), short if short.isidentifier() else "")


def _paths(text: str) -> Iterator[PathMention]:
    for hit in _PATH.finditer(text):
        path = _slashed(hit[1])
        if _looks_like_a_path(path):
            yield PathMention(path, _number(hit[3]), (hit[2] or "").rpartition(":")[2])


def _looks_like_a_path(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return len(name) > 1 and (bool(folder) or _SUFFIX.search(name) is not None)


def _names(text: str) -> Iterator[NameMention]:
    """Qualified names and calls, CamelCase and snake_case, capitalised words (classes may be called so); other single words
    only between backticks."""
    for hit in _NAME.finditer(text):
        written = hit[0]
        parts = tuple(_SEPARATOR.split(written.strip("`(")))
        sure = written.startswith("`") or written.endswith("(") or len(parts) > 1
        coded = "_" in parts[0].strip("_") or _CAMEL.search(parts[0]) is not None
        if len(parts[-1]) > 1 and (sure or coded or parts[0][0].isupper()):
            yield NameMention(parts, sure)


def _slashed(path: str) -> str:
    path = path.replace("\\", "/").removeprefix("file://")
    while path.startswith("./"):
        path = path[2:]
    return path.rstrip(".")


def _number(digits: str | None) -> int:
    return min(int(digits[:8]), MAX_LINE_NUMBER) if digits else NO_LINE
