"""What a Python file imports, by parsing it: comments and strings don't count."""

from __future__ import annotations

import ast
import sys
import tomllib
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agent.stacks.manifests import pyproject_names, requirement_names

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
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    left_out = set() if optional else {id(inner) for node in ast.walk(tree) if _guards(node) for inner in ast.walk(node)}
    return [entry for node in ast.walk(tree) if id(node) not in left_out for entry in _named(node)]


def _guards(node: ast.AST) -> bool:
    """``try: import x`` or ``if TYPE_CHECKING``."""
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.unparse(node.test)
    return isinstance(node, ast.Try) and any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in node.body)


def third_party(imports: Iterable[Import], paths: Iterable[str]) -> list[Import]:
    """Those that neither the standard library nor the project's own ``paths`` provide."""
    local = {name for path in paths for name in _module_names(path)}
    return [entry for entry in imports if entry.module not in sys.stdlib_module_names and entry.module not in local]


def declared(path: str, text: str) -> list[str]:
    """Distributions that a Python manifest declares; none for other files or broken ones."""
    name = path.rsplit("/", 1)[-1]
    if name == "pyproject.toml":
        try:
            return pyproject_names(tomllib.loads(text))
        except (tomllib.TOMLDecodeError, AttributeError, TypeError):
            return []
    if name.startswith("requirements") and name.endswith(".txt"):
        return requirement_names(text.splitlines())
    return []


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
