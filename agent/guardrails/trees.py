"""Syntax trees of JavaScript, TypeScript, Vue components, PHP and C#, by tree-sitter. The grammars load when first needed.

tree-sitter mends what it can't read instead of refusing it, and its grammars trail the newest syntax a little: declaration
files and templates are not judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_KINDS = {
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascript",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "tsx", ".php": "php", ".cs": "csharp",
}  # fmt: skip
_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_TEMPLATED = re.compile(r"<%[=\-]?|\{\{.*\}\}\s*from")
JAVASCRIPT = frozenset({"javascript", "typescript", "tsx"})
MAX_SHOWN = 40


@dataclass(frozen=True)
class Source:
    """One program in a file: a Vue component may hold two. ``line`` is that of its first line in the file, from 0."""

    kind: str
    text: str
    line: int = 0


def sources(path: str, text: str) -> list[Source]:
    """The programs in a file; none where no grammar fits."""
    if path.endswith(".vue"):
        return [_script(hit, text) for hit in _SCRIPT.finditer(text)]
    suffix = next((end for end in _KINDS if path.endswith(end)), None)
    if suffix is None or path.endswith((".d.ts", ".d.mts", ".d.cts", ".blade.php", ".min.js")):
        return []
    return [Source(_KINDS[suffix], text)]


def mistake(source: Source) -> tuple[int, str] | None:
    """Line (from 1, in the file) and reason of the first place that does not parse; None where all does."""
    if _TEMPLATED.search(source.text):
        return None
    root = _root(source)
    if not root.has_error:
        return None
    for node in _walk(root, lambda node: node.has_error):
        if node.is_missing:
            return source.line + node.start_point.row + 1, f"{node.type!r} is missing"
        if node.is_error:
            return source.line + node.start_point.row + 1, f"unexpected {_shown(node)}"
    return source.line + 1, "it does not parse"


def nodes(source: Source, *kinds: str) -> Iterator[tuple[Node, int]]:
    """The nodes of these kinds with their line (from 1, in the file), in order; comments and strings are other kinds."""
    for node in _walk(_root(source), lambda _: True):
        if node.type in kinds:
            yield node, source.line + node.start_point.row + 1


def text_of(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _script(hit: re.Match[str], text: str) -> Source:
    attributes = hit[1].lower()
    kind = "tsx" if "tsx" in attributes else "typescript" if re.search(r"lang\s*=\s*[\"']ts", attributes) else "javascript"
    return Source(kind, hit[2], text.count("\n", 0, hit.start(2)))


def _walk(root: Node, into: Callable[[Node], bool]) -> Iterator[Node]:
    """Depth first without recursion: a hostile file may be nested as deep as it is long."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if into(node):
            yield node
            waiting += reversed(node.children)


def _shown(node: Node) -> str:
    first = text_of(node).strip().splitlines()
    return repr(first[0][:MAX_SHOWN]) if first else "end"


def _root(source: Source) -> Node:
    return _parser(source.kind).parse(source.text.encode("utf-8", "replace")).root_node


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
    import tree_sitter_c_sharp

    return tree_sitter_c_sharp.language()
