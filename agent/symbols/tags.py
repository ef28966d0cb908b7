"""What a file defines and which names it uses, by tree-sitter: a query per language, compiled when the language is first met.

Comments and strings are not names. tree-sitter recovers from syntax errors, so a file with mistakes still has its tags.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from agent.patterns import linear
from agent.symbols.languages import QUERIES

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Query

MAX_DEFINITIONS = 2_000
MAX_REFERENCES = 3_000
MAX_NAME = 80
MAX_SIGNATURE = 120
MAX_STRING = 16
_STRING = re.compile(r"""(["'`])((?:\\.|(?!\1).)*)(\1|$)""")
_SCRIPT = linear(r"(?is)<script\b[^>]*>(.*?)</script\s*>")


@dataclass(frozen=True, slots=True)
class Definition:
    """``line`` is from 1; ``signature`` is that line as it stands in the file, without long strings. ``end`` is the last line
    of what is defined, ``inside`` the line of the definition that encloses it, 0 at the top."""

    name: str
    kind: str
    line: int
    signature: str
    end: int = 0
    inside: int = 0


@dataclass(frozen=True)
class Tags:
    """``references``: name → how often it is used where it is not defined."""

    definitions: tuple[Definition, ...] = ()
    references: dict[str, int] = field(default_factory=dict)


def extract(language: str, data: bytes) -> Tags:
    """The tags of a file's bytes. Takes as long as the grammar takes: see ``parsing`` for files that can't be trusted."""
    from tree_sitter import Parser, QueryCursor

    grammar, query = _query(language)
    captures = QueryCursor(query).captures(Parser(grammar).parse(data).root_node)
    lines = data.split(b"\n")
    defined: dict[tuple[int, str], Definition] = {}
    extents: list[tuple[int, int, int]] = []
    places = set()
    for kind, nodes in captures.items():
        if kind == "reference" or kind.startswith("_"):
            continue
        for node in nodes:
            name = _text(node.text or b"")[:MAX_NAME]
            line = node.start_point.row
            if name and (line, name) not in defined:
                whole = _whole(node)
                defined[line, name] = Definition(name, kind, line + 1, _signature(lines[line]), whole.end_point.row + 1)
                extents.append((whole.start_byte, -whole.end_byte, line + 1))
            places.add(node.start_byte)
    used = Counter(node.text or b"" for node in captures.get("reference", ()) if node.start_byte not in places)
    references = {_text(name): count for name, count in used.most_common(MAX_REFERENCES) if 2 < len(name) <= MAX_NAME}
    ordered = sorted(defined.values(), key=lambda found: (found.line, found.name))[:MAX_DEFINITIONS]
    inside = _enclosing(extents)
    return Tags(tuple(replace(found, inside=inside[found.line]) for found in ordered), references)


def _whole(name: Node) -> Node:
    """What ``name`` is the name of; in C it stands in declarators of its own, in Rust in a type with parameters."""
    whole = name.parent or name
    while ("declarator" in whole.type or whole.type == "generic_type") and whole.parent is not None:
        whole = whole.parent
    return whole


def _enclosing(extents: list[tuple[int, int, int]]) -> dict[int, int]:
    """Line of each definition → line of the one around it, or 0. ``extents``: first byte, minus the byte after, line."""
    around: list[tuple[int, int]] = []
    found: dict[int, int] = {}
    for start, end, line in sorted(extents):
        while around and around[-1][0] <= start:
            around.pop()
        found.setdefault(line, around[-1][1] if around and around[-1][1] != line else 0)
        around.append((-end, line))
    return found


def scripts_only(data: bytes) -> bytes:
    """A component's scripts, at the lines where they stand in it."""
    result, end = [], 0
    for hit in _SCRIPT.finditer(data.decode("latin-1")):  # one character for each byte: the places are the same
        result += [b"\n" * data.count(b"\n", end, hit.start(1)), data[hit.start(1) : hit.end(1)]]
        end = hit.end(1)
    return b"".join(result)


@cache
def _query(language: str) -> tuple[Language, Query]:
    import tree_sitter
    import tree_sitter_language_pack

    grammar = tree_sitter_language_pack.get_language(language)  # type: ignore[arg-type]
    return grammar, tree_sitter.Query(grammar, (QUERIES / f"{language}.scm").read_text(encoding="utf-8"))


def _text(data: bytes) -> str:
    return "".join(character for character in data.decode("utf-8", "replace") if character.isprintable())


def _signature(line: bytes) -> str:
    """What stands in the strings of a line does not say what it defines, and may be a password."""
    text = _text(line[: 4 * MAX_SIGNATURE].replace(b"\t", b"    ")).rstrip().removesuffix("{").rstrip()
    return _STRING.sub(lambda hit: hit[0] if len(hit[2]) <= MAX_STRING else f"{hit[1]}…{hit[3]}", text)[:MAX_SIGNATURE]
