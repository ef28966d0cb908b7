"""Who runs a Python project's tests, which files they are, and how they are started where the project does not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.patterns import linear
from agent.projects.files import ProjectFiles
from agent.projects.tables import ini_of, table, text, texts, toml_of

MAX_READ = 60
"""Test files that are looked into for what they import."""
MAX_CHARACTERS = 100_000

_NAMES_PYTEST = linear(
    r"(?m)^\s*(?:import pytest\b|from pytest\b|import _pytest\b|from _pytest\b)|\bpytest\.(?:mark|fixture|raises)\b"
)
_NAMES_UNITTEST = linear(r"(?m)^\s*(?:import unittest\b|from unittest\b)")
_NAMES_DJANGO = linear(r"(?m)^\s*from django\.test\b|^\s*from rest_framework\.test\b|^\s*import django\b")
_PLAIN_TEST = linear(r"(?m)^(?:async )?def test_")
_SKIPPED = ("node_modules/", ".venv/", "venv/", "build/", "dist/", ".tox/", ".nox/")


@dataclass(frozen=True)
class PythonTests:
    """``command`` is the language's own way of starting them; "" in ``runner`` where there is nothing to go by."""

    runner: str
    command: tuple[str, ...]
    one: tuple[str, ...]
    globs: tuple[str, ...]
    why: str
    configuration: str = ""
    """Where pytest is configured."""


def tests_of(files: ProjectFiles, declared: frozenset[str]) -> PythonTests:
    paths = [path for path in files.paths if path.endswith(".py") and _is_test(path)]
    configuration = named = _configures_pytest(files)
    if not named and ("pytest" in declared or any(name.startswith("pytest-") for name in declared)):
        named = "pytest is among the dependencies"
    seen = _imports(files, paths)
    if "manage.py" in files and not (
        named and ("pytest-django" in declared or "pytest" in seen or named != "pytest is among the dependencies")
    ):
        why = "manage.py, and tests that use django.test" if "django" in seen else "manage.py"
        manage = ("python", "manage.py", "test")
        return PythonTests("django", manage, manage, ("**/test*.py",), why)
    if not named and "pytest" in seen:
        named = "tests that import pytest"
    if not named and "unittest" in seen and "plain" not in seen:
        globs, command = _discovery(files, paths)
        return PythonTests(
            "unittest",
            command,
            ("python", "-m", "unittest"),
            globs,
            "tests that import unittest, and nothing that names pytest",
        )
    why = named or ("test functions" if paths else "there are no tests yet")
    pytest = ("python", "-m", "pytest")
    return PythonTests("pytest", pytest, pytest, _pytest_globs(files), why, configuration)


def _is_test(path: str) -> bool:
    name = path[path.rfind("/") + 1 :]
    return (name.startswith("test") or name.endswith(("_test.py", "_tests.py"))) and not path.startswith(_SKIPPED)


def _configures_pytest(files: ProjectFiles) -> str:
    """Where, or ""."""
    for path in ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"):
        if path in files:
            return path
    if "pytest" in table(toml_of(files, "pyproject.toml"), "tool"):
        return "pyproject.toml: [tool.pytest]"
    for path, section in (("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        if section in ini_of(files, path):
            return f"{path}: [{section}]"
    return next((path for path in ("conftest.py", "tests/conftest.py", "test/conftest.py") if path in files), "")


def _pytest_globs(files: ProjectFiles) -> tuple[str, ...]:
    """Those of ``python_files`` where it is set."""
    data = toml_of(files, "pyproject.toml")
    settings = [table(data, "tool", "pytest", "ini_options"), table(data, "tool", "pytest")]
    settings += [table(toml_of(files, "pytest.toml"), "pytest"), ini_of(files, "pytest.ini").get("pytest", {})]
    settings += [ini_of(files, "tox.ini").get("pytest", {}), ini_of(files, "setup.cfg").get("tool:pytest", {})]
    for setting in settings:
        said = setting.get("python_files")
        names = text(said).split() if isinstance(said, str) else texts(said)
        if names:
            return tuple(name if "/" in name else f"**/{name}" for name in names[:20])
    return ("**/test_*.py", "**/*_test.py")


def _imports(files: ProjectFiles, paths: Sequence[str]) -> set[str]:
    """What the tests use: "pytest", "unittest", "django", and "plain" where there are test functions outside of a class."""
    step = max(1, len(paths) // MAX_READ)
    found: set[str] = set()
    for path in paths[::step][:MAX_READ]:
        source = (files.read(path) or "")[:MAX_CHARACTERS]
        for name, pattern in (
            ("pytest", _NAMES_PYTEST),
            ("unittest", _NAMES_UNITTEST),
            ("django", _NAMES_DJANGO),
            ("plain", _PLAIN_TEST),
        ):
            if name not in found and pattern.search(source):
                found.add(name)
    return found


def _discovery(files: ProjectFiles, paths: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Globs, and the command of ``unittest discover``, which looks only into packages and for one pattern of names."""
    names = [path.rpartition("/")[2] for path in paths]
    pattern = ""
    if not any(name.startswith("test") for name in names):
        pattern = "*_test.py" if any(name.endswith("_test.py") for name in names) else "*_tests.py"
    globs = (f"**/{pattern or 'test*.py'}",)
    options = ("-p", pattern) if pattern else ()
    tops = sorted({path.partition("/")[0] if "/" in path else "" for path in paths})
    if "" in tops or all(f"{top}/__init__.py" in files for top in tops):
        return globs, ("python", "-m", "unittest", "discover", *options)
    top = next((top for top in ("tests", "test") if top in tops), tops[0])
    return globs, ("python", "-m", "unittest", "discover", "-s", top, *options)
