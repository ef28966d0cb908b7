"""What people are told to do next is a command or a setting, not a path of the API: most of them sit at the command line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVER = ("workspaces", "projects", "tasks", "repositories", "runs", "metrics", "mgx_project", "agent")
PATH = re.compile(r"(?<![\w.])/api/|\b(?:GET|POST|PUT|PATCH|DELETE) /")
FIELD = re.compile(r"(?<![\w./-])[a-z]+_[a-z_]+\b(?![.\w])")
"""As fields of requests are written; commands have options."""
PROGRAMS = ("pg_dumpall",)
ABOUT_JWTS = "workspaces/sign_ins.py"
"""Whoever holds a JWT talks to the API: mgx has API tokens only."""


def told() -> Iterator[tuple[str, str]]:
    """(place, text) of every hint, and of every sentence that an error is raised with."""
    for name in SERVER:
        for path in (ROOT / name).rglob("*.py"):
            place = path.relative_to(ROOT).as_posix()
            if place == ABOUT_JWTS or "/migrations/" in place:
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.keyword) and node.arg == "hint":
                    yield from ((f"{place}:{node.value.lineno}", text) for text in texts(node.value))
                elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                    for argument in node.exc.args:
                        yield from ((f"{place}:{node.lineno}", text) for text in texts(argument))


def hints() -> Iterator[tuple[str, str]]:
    for name in SERVER:
        for path in (ROOT / name).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.keyword) and node.arg == "hint":
                    yield f"{path.relative_to(ROOT).as_posix()}:{node.value.lineno}", " ".join(texts(node.value))


def texts(node: ast.AST) -> Iterator[str]:
    return (part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str))


def test_no_hint_speaks_of_a_path_of_the_api() -> None:
    found = list(told())
    assert len(found) > 300, "this test looks for something else than there is"
    assert [(place, text) for place, text in found if PATH.search(text) and "://" not in text] == []


def test_no_hint_names_a_field_of_the_api() -> None:
    found = [(place, text) for place, text in hints() if FIELD.search(text) and not any(word in text for word in PROGRAMS)]
    assert found == []
