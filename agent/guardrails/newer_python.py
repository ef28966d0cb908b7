"""Syntax of Python that is newer than the parser which runs here: what it refuses there is no mistake of the file.

Only what the grammar of tree-sitter reads whole counts, and only where the parser stopped at such a place: the grammar lets
more pass than any Python does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.guardrails import trees

if TYPE_CHECKING:
    from tree_sitter import Node

_DEFINITIONS = ("function_definition", "class_definition")
_KINDS = ("type_alias_statement", "type_parameter", "string", "except_clause")


def stops_at_newer_syntax(text: str, line: int | None) -> bool:
    """Whether ``line`` (from 1), where the parser stopped, is one of a construct that Python got after it."""
    source = trees.SourceTree("python", text.removeprefix("\ufeff"))
    if line is None or trees.mistake(source) is not None:
        return False
    return any(
        node.start_point.row < line <= node.end_point.row + 1 and _is_newer(source, node)
        for node, _ in trees.nodes(source, *_KINDS)
    )


def _is_newer(source: trees.SourceTree, node: Node) -> bool:
    if node.type == "type_alias_statement":
        return True  # 3.12, PEP 695
    if node.type == "type_parameter":
        return node.parent is not None and node.parent.type in _DEFINITIONS  # 3.12, PEP 695
    if node.type == "except_clause":
        return len(node.children_by_field_name("value")) > 1  # 3.14, PEP 758
    start = next((trees.text_of(source, child) for child in node.children if child.type == "string_start"), "")
    if "t" in start.lower():
        return True  # 3.14, PEP 750
    # 3.12, PEP 701: quotes of the string itself, backslashes, comments and line ends within the braces
    inner = [trees.text_of(source, child) for child in node.children if child.type == "interpolation"]
    return any(start.lstrip("rRfFbBuU") in part or "\\" in part or "#" in part or "\n" in part for part in inner)
