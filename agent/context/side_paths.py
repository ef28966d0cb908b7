"""Files that a task is seldom about, by where they lie: tests, examples, documents, migrations, code of others, builds."""

from __future__ import annotations

from collections.abc import Collection

from agent.context.testlayout import is_test
from agent.context.tokenization import parts_of

ASIDE = 0.1
"""What one of their definitions is worth, against one of the project's own code."""
TEST = 0.3
"""Tests tell how the code is used, and are changed with it."""
_FOLDERS = frozenset(
    (
        "example", "examples", "sample", "samples", "demo", "demos", "fixture", "fixtures", "testdata", "test_data",
        "doc", "docs", "docs_src", "migrations", "vendor", "vendored", "_vendor", "_vendored", "third_party", "thirdparty",
        "node_modules", "generated", "__generated__", "backup", "backups", "__mocks__", "__snapshots__",
        "benchmark", "benchmarks",
    )
)  # fmt: skip
_AT_THE_TOP = frozenset(("build", "dist", "bench", "benches", "website", "scripts", "ci", ".github"))
"""Deeper they may be parts of the project."""
_TEST_FOLDERS = frozenset(("test", "tests", "__tests__", "spec", "specs", "e2e"))


def worth(path: str, meant: Collection[str] = ()) -> float:
    """0-1. A folder that the task speaks of counts in full (``meant``: the parts of its words, see ``all_parts``)."""
    folders = path.lower().split("/")[:-1]
    aside = [folder for folder in folders if folder in _FOLDERS] + [folder for folder in folders[:1] if folder in _AT_THE_TOP]
    if any(not _is_meant(folder, meant) for folder in aside):
        return ASIDE
    if is_test(path) or any(folder in _TEST_FOLDERS for folder in folders):
        return 1.0 if _is_meant("tests", meant) else TEST
    return 1.0


def _is_meant(folder: str, meant: Collection[str]) -> bool:
    return any(part in meant for part in parts_of(folder))
