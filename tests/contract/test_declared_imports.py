"""Every package that is imported is declared in pyproject.toml: what comes with another may go with its next version."""

from __future__ import annotations

import ast
import importlib.metadata
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).resolve().parents[2]
PRODUCT = ("agent", "metrics", "mgx_project", "projects", "repositories", "runs", "tasks", "workspaces")
OURS = {*PRODUCT, "benchmarks", "cli", "docs", "evals", "mgx_cli", "tests"}


def declared(path: Path) -> set[str]:
    """With those of the extras: `tests/cli/test_other_systems.py` imports every module without them."""
    project = tomllib.loads(path.read_text("utf-8"))["project"]
    listed = [
        *project["dependencies"],
        *(line for extra in project.get("optional-dependencies", {}).values() for line in extra),
    ]
    return {canonicalize_name(Requirement(line).name) for line in listed}


def imported(*packages: str) -> dict[str, str]:
    """Top-level module → a file that imports it, the standard library and our own left out."""
    found: dict[str, str] = {}
    for package in packages:
        for path in sorted((CHECKOUT / package).rglob("*.py")):
            if {"starters", "cover"} & set(path.parts):  # they run in a project's environment, with what it has
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                else:
                    names = [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
                for name in names:
                    found.setdefault(name.split(".")[0], str(path.relative_to(CHECKOUT)))
    return {name: file for name, file in found.items() if name not in OURS and name not in sys.stdlib_module_names}


def undeclared(modules: dict[str, str], allowed: set[str]) -> dict[str, str]:
    owners = importlib.metadata.packages_distributions()
    return {
        name: file
        for name, file in modules.items()
        if not {canonicalize_name(owner) for owner in owners.get(name, (name,))} & allowed
    }


def test_what_the_product_imports_is_declared() -> None:
    assert undeclared(imported(*PRODUCT), declared(CHECKOUT / "pyproject.toml")) == {}


def test_what_the_command_line_imports_is_declared() -> None:
    assert undeclared(imported("cli/mgx_cli"), declared(CHECKOUT / "cli/pyproject.toml")) == {}
