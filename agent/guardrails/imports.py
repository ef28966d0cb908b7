"""What a Python file imports, by parsing it: comments and strings don't count."""

from __future__ import annotations

import ast
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from agent.documents import Unreadable, read_python

DISTRIBUTION = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "git": "gitpython",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "multipart": "python-multipart",
    "PIL": "pillow",
    "psycopg2": "psycopg2-binary",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Import names that differ from the name of the distribution that brings them."""


@dataclass(frozen=True)
class Import:
    module: str
    """The first name of the dotted path."""
    line: int

    @property
    def distribution(self) -> str:
        return DISTRIBUTION.get(self.module, self.module).lower().replace("_", "-")


def imports_of(text: str, *, optional: bool = True) -> list[Import]:
    """Absolute imports, in order; none where the file does not parse. ``optional`` False leaves out those in ``try`` and under
    ``if TYPE_CHECKING``."""
    try:
        tree = read_python(text)
    except Unreadable:
        return []
    return [entry for node in _unguarded(tree, optional=optional) for entry in _named(node)]


def _unguarded(tree: ast.AST, *, optional: bool) -> Iterator[ast.AST]:
    """Each node once, breadth first; without what is below one that guards its imports, unless ``optional``."""
    waiting = deque([tree])
    while waiting:
        node = waiting.popleft()
        if optional or not _guards(node):
            yield node
            waiting.extend(ast.iter_child_nodes(node))


def _guards(node: ast.AST) -> bool:
    """``try: import x`` or ``if TYPE_CHECKING``."""
    if isinstance(node, ast.If):
        return any(
            "TYPE_CHECKING" in (getattr(part, "id", ""), getattr(part, "attr", "")) for part in islice(ast.walk(node.test), 20)
        )
    return isinstance(node, ast.Try) and any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in node.body)


def modules_of(paths: Iterable[str]) -> frozenset[str]:
    """The names by which the files at ``paths`` can be imported."""
    return frozenset(name for path in paths for name in _module_names(path))


def third_party(imports: Iterable[Import], local: frozenset[str]) -> list[Import]:
    """Those that neither the standard library nor the project's own modules, ``local``, provide."""
    return [entry for entry in imports if entry.module not in sys.stdlib_module_names and entry.module not in local]


def _named(node: ast.AST) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name.split(".")[0], node.lineno)
    elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        yield Import(node.module.split(".")[0], node.lineno)


def _module_names(path: str) -> list[str]:
    if not path.endswith((".py", ".pyi", ".so")):
        return []
    *directories, name = path.split("/")
    return [*directories, name.split(".", 1)[0]]
