"""Syntax trees of JavaScript, TypeScript, Vue components, PHP and C#, by tree-sitter. The grammars load when first needed.
Python's is a second opinion on what Python's own parser refuses (`agent.guardrails.parsers`).

tree-sitter recovers from syntax errors instead of refusing the file, and its grammars lag a little behind the newest syntax:
declaration files and templates are not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice
from typing import TYPE_CHECKING

from agent.patterns import linear

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_KINDS = {
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascript",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "tsx", ".php": "php", ".cs": "csharp",
}  # fmt: skip
_SCRIPT = linear(r"(?is)<script\b([^>]*)>(.*?)</script\s*>")
_TYPED = linear(r"lang\s*=\s*[\"']ts")
_TEMPLATED = linear(r"<%|\{\{.*\}\}\s*from")
JAVASCRIPT = frozenset({"javascript", "typescript", "tsx"})
MAX_SHOWN = 40
MAX_TEXT = 1_000
"""Bytes of a node that are looked at; names and the places that files are imported from are shorter."""
MAX_CHARACTERS = 200_000
"""Of one program: a longer one is not looked into. Parsing it takes up to 10 microseconds for each, by the grammar."""
MAX_SCRIPTS = 20
"""Programs of one Vue component."""
CHUNK = 64 << 10
AT_LEAST, PER_CHARACTER = 1_000, 1
"""So much work a program may take, in hundreds of the parser's steps. Honest ones, and hostile ones so far, take a tenth."""


@dataclass(frozen=True)
class SourceTree:
    """One program in a file: a Vue component may hold two. ``line`` is that of its first line in the file, from 0."""

    kind: str
    text: str
    line: int = 0

    @cached_property
    def data(self) -> bytes:
        return self.text.encode("utf-8", "replace")


def sources(path: str, text: str) -> list[SourceTree]:
    """The programs in a file; none where no grammar fits."""
    if path.endswith(".vue"):
        return list(islice(_scripts(text), MAX_SCRIPTS))
    suffix = next((end for end in _KINDS if path.endswith(end)), None)
    if suffix is None or path.endswith((".d.ts", ".d.mts", ".d.cts", ".blade.php", ".min.js")):
        return []
    return [SourceTree(_KINDS[suffix], text)]


def mistake(source: SourceTree) -> tuple[int, str] | None:
    """Line (from 1, in the file) and reason of the first place that does not parse; None where all does, or it is too long."""
    if _TEMPLATED.search(source.text):
        return None
    root = _root(source)
    if root is None or not root.has_error:
        return None
    for node in _walk(root, lambda node: node.has_error):
        if node.is_missing:
            return source.line + node.start_point.row + 1, f"{node.type!r} is missing"
        if node.is_error:
            return source.line + node.start_point.row + 1, f"unexpected {_shown(source, node)}"
    return source.line + 1, "it does not parse"


def nodes(source: SourceTree, *kinds: str) -> Iterator[tuple[Node, int]]:
    """The nodes of these kinds with their line (from 1, in the file), in order; comments and strings are other kinds."""
    root = _root(source)
    for node in _walk(root, lambda _: True) if root is not None else ():
        if node.type in kinds:
            yield node, source.line + node.start_point.row + 1


def text_of(source: SourceTree, node: Node, limit: int = MAX_TEXT) -> str:
    """What ``node`` spans, cut after ``limit`` bytes: nodes contain each other, so all of all of them is the square."""
    return source.data[node.start_byte : min(node.end_byte, node.start_byte + limit)].decode("utf-8", "replace")


def _scripts(text: str) -> Iterator[SourceTree]:
    line = end = 0
    for hit in _SCRIPT.finditer(text):
        attributes = hit[1].lower()
        kind = "tsx" if "tsx" in attributes else "typescript" if _TYPED.search(attributes) else "javascript"
        line, end = line + text.count("\n", end, hit.start(2)), hit.start(2)
        yield SourceTree(kind, hit[2], line)


def _walk(root: Node, into: Callable[[Node], bool]) -> Iterator[Node]:
    """Depth first without recursion: a hostile file may be nested as deep as it is long."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if into(node):
            yield node
            waiting += reversed(node.children)


def _shown(source: SourceTree, node: Node) -> str:
    first = text_of(source, node).strip().splitlines()
    return repr(first[0][:MAX_SHOWN]) if first else "end"


def _root(source: SourceTree) -> Node | None:
    """None where ``source`` is too long, or takes more work than its length explains."""
    data = source.data
    if len(data) > MAX_CHARACTERS:
        return None
    left = AT_LEAST + PER_CHARACTER * len(data)

    def has_to_stop(_at: int, _wrong: bool) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    parser = _parser(source.kind)
    try:
        return parser.parse(lambda at, _: data[at : at + CHUNK], encoding="utf8", progress_callback=has_to_stop).root_node
    except ValueError:  # it was stopped
        parser.reset()
        return None


@cache
def _parser(kind: str) -> Parser:
    import tree_sitter

    return tree_sitter.Parser(tree_sitter.Language(_language(kind)))


def _language(kind: str) -> object:
    if kind == "javascript":
        import tree_sitter_javascript

        return tree_sitter_javascript.language()
    if kind in ("typescript", "tsx"):
        import tree_sitter_typescript

        return tree_sitter_typescript.language_tsx() if kind == "tsx" else tree_sitter_typescript.language_typescript()
    if kind == "php":
        import tree_sitter_php

        return tree_sitter_php.language_php()
    if kind == "python":
        import tree_sitter_python

        return tree_sitter_python.language()
    import tree_sitter_c_sharp

    return tree_sitter_c_sharp.language()
