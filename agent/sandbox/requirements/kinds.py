"""Which extras, groups, environments and files are for running tests, by the words of their names."""

from __future__ import annotations

from agent.patterns import linear

DEVELOPMENT = frozenset(("dev", "devel", "develop", "development"))
TESTS = DEVELOPMENT | {"test", "tests", "testing", "tester", "unit", "unittest", "unittests", "pytest", "ci", "cov", "coverage"}
BASE = frozenset(
    ("base", "common", "main", "core", "prod", "production", "install", "runtime", "requirements", "app", "default")
)
OTHER = frozenset(
    ("doc", "docs", "documentation", "sphinx", "mkdocs", "lint", "linting", "linters", "style", "format", "release", "publish",
     "deploy", "build", "benchmark", "benchmarks", "bench", "optional", "min", "minimum", "oldest", "minimal", "nightly", "gpu",
     "typing", "mypy", "pyright", "types", "precommit", "notebook", "notebooks", "example", "examples", "upgrade", "ignore")
)  # fmt: skip
"""Of environments and files for something else, whatever other words they have: "docs-dev"."""

_WORDS = linear(r"[A-Za-z]+")


def _words(name: str) -> set[str]:
    return {word.lower() for word in _WORDS.findall(name)}


def is_for_tests(name: str) -> bool:
    """``test``, ``dev``, ``tests-mypy``, ``py311-test``, ``hatch-test``; not ``docs-dev``."""
    words = _words(name)
    return bool(words & TESTS) and ("tests" in words or "test" in words or not words & OTHER)


def is_for_something_else(name: str) -> bool:
    """``docs``, ``release``: no tests run with it."""
    return bool(_words(name) & OTHER) and not is_for_tests(name)


def is_base(name: str) -> bool:
    """``base``, ``common``, ``requirements``: what everything else builds on."""
    words = _words(name) - {"requirement", "requirements", "reqs", "pip", "py", "python"}
    return words <= BASE
