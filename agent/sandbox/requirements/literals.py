"""Literal values in Python source, as far as they are known without running it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

MAX_NODES = 20_000
"""Expressions that are looked at for one file, those behind names each time."""
MAX_DEPTH = 10
"""Of names that stand for others, and of additions."""


class Computed(Exception):
    """The value is known only when the file runs."""


def name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def assigned(tree: ast.Module) -> dict[str, ast.expr]:
    """Names of the module that are given a value once, at its top."""
    found: dict[str, ast.expr] = {}
    twice: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in found:
                twice.add(name)
            found[name] = node.value
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            twice.add(node.target.id)
    return {name: value for name, value in found.items() if name not in twice}


class Literals:
    """Values of expressions that are strings, lists and tables, or names in ``known`` of such."""

    def __init__(self, known: Mapping[str, ast.expr]) -> None:
        self._known = known
        self._left = MAX_NODES

    def value(self, node: ast.expr, depth: int = MAX_DEPTH) -> Any:
        """Raises ``Computed``."""
        self._left -= 1
        if depth == 0 or self._left < 0:
            raise Computed
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name) and node.id in self._known:
            return self.value(self._known[node.id], depth - 1)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return [self.value(entry, depth - 1) for entry in node.elts]
        if isinstance(node, ast.Dict):
            pairs = [(key, value) for key, value in zip(node.keys, node.values, strict=True) if key is not None]
            return {str(self.value(key, depth - 1)): self.value(value, depth - 1) for key, value in pairs}
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = (self.value(side, depth - 1) for side in (node.left, node.right))
            if isinstance(left, list) and isinstance(right, list):
                return left + right
        raise Computed
