"""Files are short, and what a newcomer looks for lies where its kind of thing always does."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
APPLICATIONS = ("workspaces", "projects", "tasks", "repositories", "runs", "metrics")
PRODUCT = (*APPLICATIONS, "agent", "cli", "mgx_project", "manage.py")
NOT_OURS = ("agent/stacks/starters/",)
"""What a run begins a new project with, as its framework makes it."""
LONGEST = 400
TABLES_OF_DATA: frozenset[str] = frozenset()
"""Files of values alone, which may be as long as what they list."""


def listed(*suffixes: str) -> Iterator[Path]:
    done = subprocess.run(["git", "ls-files", "-z", *PRODUCT], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    for name in done.stdout.split("\0"):
        if name.endswith(suffixes) and not name.startswith(NOT_OURS) and (CHECKOUT / name).exists():
            yield CHECKOUT / name


def length(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_no_file_is_longer_than_400_lines() -> None:
    sizes = {str(path.relative_to(CHECKOUT)): length(path) for path in listed(".py", ".js", ".css", ".html", ".md", ".toml")}
    assert {name: size for name, size in sizes.items() if size > LONGEST and name not in TABLES_OF_DATA} == {}
    assert [name for name in TABLES_OF_DATA if sizes.get(name, 0) <= LONGEST] == []


def test_query_parameters_of_lists_are_in_filters() -> None:
    assert found("FilterSet") <= {f"{name}/filters.py" for name in APPLICATIONS}


def test_filters_that_pages_of_the_admin_share_are_in_its_filters() -> None:
    """One that a single page uses stands beside that page."""
    shared = {f"{name}/admin/filters.py" for name in APPLICATIONS}
    for module in found("SimpleListFilter") - shared:
        names = {node.name for node in classes(CHECKOUT / module) if inherits(node, "SimpleListFilter")}
        others = [path for path in listed(".py") if path != CHECKOUT / module and says(path, *names)]
        assert not [path for path in others if names & imported(path)], f"{module}: pages share {names}"


def found(base: str) -> set[str]:
    """Modules with a class that inherits ``base``."""
    naming = [path for path in listed(".py") if says(path, base)]
    modules = {path for path in naming for node in classes(path) if inherits(node, base)}
    assert modules, f"nothing inherits {base}: this test looks for something else than there is"
    return {str(path.relative_to(CHECKOUT)) for path in modules}


def says(path: Path, *names: str) -> bool:
    """Whether one of them stands in the file: all others need no parsing, which takes seconds for the product."""
    text = path.read_text("utf-8")
    return any(name in text for name in names)


def classes(path: Path) -> list[ast.ClassDef]:
    return [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ClassDef)]


def inherits(node: ast.ClassDef, base: str) -> bool:
    return any(getattr(one, "attr", getattr(one, "id", "")) == base for one in node.bases)


def imported(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
